"""The post-processing stage every mode shares: small effects on a stream of frames, composed in a list."""

from pipelines.finishing.chain import finishing_chain

__all__ = ["finishing_chain"]
