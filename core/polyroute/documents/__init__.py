"""The JSON documents of the command and of the HTTP API: their types, and the functions that make them.

`types`, `plugin_types`, `own_types` and `http_types` declare the documents as `TypedDict`s. The functions in `catalog`,
`plugins`, `keys` and `custom_models` return them, and mypy checks that they do. `schemas` derives JSON Schemas from the
declarations: those in `docs/schemas` and those of the HTTP API's document.

At run time a command imports only the functions. The declarations are imported for type checking and for schemas.
"""
