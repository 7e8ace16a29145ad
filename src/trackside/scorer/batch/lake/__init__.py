"""Read and write Delta and Iceberg tables: `python <folder of the scorer> lake ORDER`.

`main` executes an order, `delta` and `iceberg` access one format each by its own library, `folder_io` keeps pyiceberg inside the
folder of a table, and `rows` moves rows between tables and Parquet files.  A process of its own does this, without the model.
"""
