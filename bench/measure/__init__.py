"""The benchmarks: what is measured, compared with what, and with which target. `bench/run` starts them."""
