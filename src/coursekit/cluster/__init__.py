"""The same engine on many machines: a Dask cluster's workers judge, one process here writes."""
