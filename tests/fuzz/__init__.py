"""Random input for whatever reads what somebody else wrote.

Each file has one kind of input: what may hold for any of it is stated in a function, and two tests call that function.

- The short one is in the lane `slow`, with a limited number of examples that are the same in each run, so that a
  failure can be repeated: `pytest tests/fuzz`.
- The long one is marked `soak`, for a run by hand with new examples each time: `pytest -m soak tests/fuzz`.
  `POLYROUTE_TEST_FUZZ_EXAMPLES` sets the number of examples. Figures are recorded in benchmarks/README.md.

A failing example that hypothesis prints becomes a test of its own, in the folder of the package that it is about.
"""
