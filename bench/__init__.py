"""Benchmarks. They print figures of one run on one machine; nothing here fails a build."""
