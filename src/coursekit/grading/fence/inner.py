"""The inner fence: what the warm parent and its children give up before a student's code runs.

Three layers, each asked of the kernel by itself, so that one that a system refuses leaves the
others standing. None is believed: `coursekit.grading.worker.probe` tries what holds.

- *namespaces*: a child is the first process of a process namespace (whatever it starts ends with
  it), with no network, no shared memory of others, and a scratch folder of a fixed size.
- *landlock*: it reads the system and the students' part of this package, writes its scratch
  folder, and signals nobody.
- *seccomp*: it starts no process, opens no socket, and calls nothing of the kernel that grading
  has no use for.

References
----------
namespaces(7), landlock(7), seccomp(2), capabilities(7); https://docs.kernel.org/userspace-api/
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seccompy import Filter

LAYERS = ("namespaces", "landlock", "seccomp")
NOBODY = 65534
TRIES = 3
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)  # linux/sched.h
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36  # linux/prctl.h
NOSUID, NODEV, NOEXEC = 2, 4, 8  # linux/mount.h
CAPABILITIES = 0x20080522  # version of the structure, linux/capability.h
CLONE_THREAD = 0x10000
X32 = 0x40000000  # the same calls by other numbers, on x86-64
DEVICES = ("null", "zero", "full", "random", "urandom")
KERNEL = ("self", "cpuinfo", "meminfo", "stat", "loadavg", "filesystems", "sys/vm", "version")
FORBIDDEN = (
    # processes, and their insides
    *("fork", "vfork", "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev"),
    *("process_madvise", "process_mrelease", "kcmp", "pidfd_open", "pidfd_getfd"),
    *("pidfd_send_signal", "perf_event_open", "bpf", "userfaultfd", "personality"),
    # sockets: a pair that the process has made itself is all that it may have
    *("socket", "bind", "listen", "connect", "accept", "accept4"),
    # what outlives a process, or counts as nobody's memory
    *("keyctl", "add_key", "request_key", "shmget", "shmat", "semget", "msgget", "mq_open"),
    *("memfd_create", "memfd_secret"),
    # rings that do calls for others
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup", "io_submit"),
    # namespaces, mounts, handles to files
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree"),
    *("open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *("name_to_handle_at", "open_by_handle_at", "quotactl", "quotactl_fd", "fanotify_init"),
    # the machine
    *("syslog", "acct", "swapon", "swapoff", "reboot", "init_module", "finit_module"),
    *("delete_module", "kexec_load", "kexec_file_load", "iopl", "ioperm", "settimeofday"),
    *("clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup"),
)
# What Landlock knows nothing of: how a file outside is marked. They seem to work, and do nothing.
MARKING = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("utime", "utimes", "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr"),
    *("removexattr", "lremovexattr", "fremovexattr"),
)
X32_ONLY = range(512, 548)  # numbers that only the other numbering has: execve, ptrace and more

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Fence:
    """What a submission may see and use.

    Attributes
    ----------
    layers : tuple of str
        Those of `LAYERS` to ask for.
    readable : tuple of str
        Files and folders that it may read.
    scratch : str
        Folder that it may write.
    scratch_bytes, scratch_files : int
        What fits in there.
    threads, open_files : int
        How many it may have.
    memory : int
        Bytes of address space beyond those at the start.
    walled : bool
        Whether all but the scratch folder is on file systems that nobody can change.
    """

    layers: tuple[str, ...] = LAYERS
    readable: tuple[str, ...] = ()
    scratch: str = ""
    scratch_bytes: int = 256 << 20
    scratch_files: int = 4_000
    threads: int = 256
    open_files: int = 256
    memory: int = 16 << 30
    walled: bool = False


def enter(fence: Fence) -> bool:
    """Be the warm parent: an ordinary user, and the first process of namespaces of its own.

    The calling process stays behind, as one that waits for the other and ends with it.

    Returns
    -------
    bool
        Whether children can have a process namespace each.
    """
    _leave_root(fence)
    end_with_creator()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # what children leave behind is found, and ended
    if "namespaces" not in fence.layers:
        return False
    try:
        _new_user()
        _unshare(NEWPID | NEWNS | NEWIPC | NEWUTS | NEWNET)
    except OSError:
        return False
    if pid := os.fork():
        _wait_for(pid)
    end_with_creator()
    _prctl(PR_SET_DUMPABLE, 0)  # children look like it; they must not look into it
    return True


def fork(own: int | None) -> int:
    """Fork, the child into a process namespace of its own.

    Parameters
    ----------
    own : int or None
        Descriptor of the caller's own process namespace, to come back to; None for a plain fork.

    Returns
    -------
    int
        As `os.fork` does.
    """
    if own is None:
        return os.fork()
    _unshare(NEWPID)
    pid = os.fork()
    if pid and _libc.setns(own, NEWPID):
        raise OSError(ctypes.get_errno(), "the parent cannot come back to its own namespace")
    return pid


def restrict(fence: Fence, keep: int) -> None:
    """Be a child: give up all that a submission has no use for.

    Parameters
    ----------
    fence : Fence
    keep : int
        The one descriptor that stays open.
    """
    end_with_creator()
    _close_all_but(keep)
    _prctl(PR_SET_DUMPABLE, 1)  # the process may look at itself: TensorFlow does
    private = "namespaces" in fence.layers and _own_namespaces(fence)
    _limit(fence, private)
    drop_capabilities()
    if "landlock" in fence.layers:
        _landlock(fence)
    if "seccomp" in fence.layers:
        with contextlib.suppress(Exception):  # the probe tells
            forbidding(marking=fence.walled).load()


def end_with_creator() -> None:
    """Let the kernel end this process when the one that started it ends, however that happens."""
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def prepare(fence: Fence) -> None:
    """Load what `restrict` needs, so that a child need not."""
    with contextlib.suppress(Exception):  # not installed, not supported: the probe tells
        if "seccomp" in fence.layers:
            import seccompy

            seccompy.supported()  # finds the C library, by a compiler if need be
            _ = forbidding(marking=fence.walled).program
    with contextlib.suppress(Exception):
        if "landlock" in fence.layers:
            import landlockpy

            landlockpy.abi_version()


# --- users and namespaces --------------------------------------------------------------------


def _leave_root(fence: Fence) -> None:
    """Become nobody, if that one can read what is needed."""
    if os.geteuid() != 0:
        return
    scratch = Path(fence.scratch)
    with contextlib.suppress(OSError):
        os.chown(scratch, NOBODY, NOBODY)
    if not _nobody_can_read(Path(__file__), Path(sys.executable), scratch):
        with contextlib.suppress(OSError):
            os.chown(scratch, 0, 0)
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _prctl(PR_SET_DUMPABLE, 1)  # a change of user takes it away


def _nobody_can_read(*paths: Path) -> bool:
    for _ in range(TRIES):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
                status = 0 if all(os.access(path, os.R_OK) for path in paths) else 1
            finally:
                os._exit(status)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSIGNALED(status):  # who was killed has said nothing
            return status == 0
    return False


def _new_user() -> None:
    """Enter a user namespace in which this user is who it is, and nobody else exists."""
    user, group = os.getuid(), os.getgid()
    _unshare(NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _own_namespaces(fence: Fence) -> bool:
    try:
        _new_user()
        _unshare(NEWNS | NEWIPC | NEWUTS)
    except OSError:
        return False
    options = f"size={fence.scratch_bytes},nr_inodes={fence.scratch_files},mode=0700"
    _libc.mount(
        b"tmpfs", fence.scratch.encode(), b"tmpfs", NOSUID | NODEV | NOEXEC, options.encode()
    )
    return True


def _wait_for(pid: int) -> None:
    """End as a child process ends; nothing else is done here any more."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(OSError):
        os.closerange(3, 1024)
    status = os.waitpid(pid, 0)[1]
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _unshare(flags: int) -> None:
    if _libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)}")


def _prctl(option: int, value: int) -> None:
    _libc.prctl(option, value, 0, 0, 0)


# --- what a child gives up -------------------------------------------------------------------


def _close_all_but(keep: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    kept = {0, 1, 2, keep}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _limit(fence: Fence, private: bool) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: fence.open_files,
        resource.RLIMIT_FSIZE: fence.scratch_bytes,
        resource.RLIMIT_AS: address_space() + fence.memory,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if private:  # elsewhere all processes of the same user would count
        limits[resource.RLIMIT_NPROC] = fence.threads
    for kind, most in limits.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error to the writer, no end


def address_space() -> int:
    """Return the bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def drop_capabilities(*kept: int) -> None:
    """Give up all capabilities but some, by number."""
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    bits = sum(1 << number for number in kept)
    _libc.capset(header, (ctypes.c_uint32 * 6)(bits, bits))


def _landlock(fence: Fence) -> None:
    kernel = [f"/proc/{name}" for name in KERNEL]
    confine([*fence.readable, *kernel], [fence.scratch], alone=True)


def confine(readable: Iterable[str], writable: Iterable[str], *, alone: bool) -> None:
    """Let this process open nothing but some files and folders, as far as the kernel can.

    Parameters
    ----------
    readable, writable : iterable of str
        Paths; a folder stands for all in it. Those that do not exist are passed over.
    alone : bool
        Whether it may signal no process but its own.
    """
    try:
        from landlockpy import AccessFS, LandlockError, Ruleset, Scope, UnsupportedError
    except ImportError:
        return  # a trial tells
    read = AccessFS.READ_FILE | AccessFS.READ_DIR
    no_folder = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.TRUNCATE | AccessFS.IOCTL_DEV
    everything = ~(AccessFS.EXECUTE | AccessFS.MAKE_CHAR | AccessFS.MAKE_BLOCK)
    rules = dict.fromkeys(readable, read)
    rules |= {f"/dev/{name}": no_folder for name in DEVICES}
    rules |= dict.fromkeys(writable, everything)
    scopes = Scope.ABSTRACT_UNIX_SOCKET | (Scope.SIGNAL if alone else Scope.NONE)
    try:
        with Ruleset(scoped=scopes) as ruleset:
            for path, access in rules.items():
                with contextlib.suppress(FileNotFoundError):
                    ruleset.allow_path(path, access if os.path.isdir(path) else access & no_folder)
            ruleset.restrict()
    except (LandlockError, UnsupportedError):
        return


@cache
def forbidding(*allowed: str, marking: bool = False) -> Filter:
    """Return the filter of system calls.

    Parameters
    ----------
    *allowed : str
        Some of `FORBIDDEN` that it leaves.
    marking : bool
        Whether modes, owners and times of files can be changed.
    """
    from seccompy import ArgCmp, CmpOp, Filter, arch, syscall_nr

    made = Filter()
    other = [X32] if arch() == "x86_64" else []
    answers = dict.fromkeys(set(FORBIDDEN) - set(allowed), errno.EPERM)
    answers |= {} if marking else dict.fromkeys(MARKING, 0)
    for name, number in answers.items():
        with contextlib.suppress(ValueError):  # not on this architecture
            for bits in (0, *other):
                made.errno(syscall_nr(name) | bits, number)
    thread = [ArgCmp(0, CmpOp.MASKED_EQ, 0, CLONE_THREAD)]
    for bits in (0, *other):
        made.errno(syscall_nr("clone") | bits, errno.EPERM, args=thread)
        made.errno(syscall_nr("clone3") | bits, errno.ENOSYS)  # its flags lie where none can look
        for number in X32_ONLY if bits else ():
            made.errno(number | bits, errno.EPERM)
    return made
