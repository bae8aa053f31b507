"""The JSON documents of the command line and the HTTP API: their types, and the functions that create them.

The modules whose names end in `types` declare the documents as `TypedDict`s. The functions in `catalog`, `plugins`,
`keys` and `custom_models` return them, and mypy checks that they do. `schemas` derives JSON Schemas from the
declarations: those in `docs/schemas` and those in the OpenAPI document of the HTTP API.

At run time, a command imports only the functions. The declarations are imported for type checking and for schemas.
"""
