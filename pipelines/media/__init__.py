"""Reading and writing pictures, videos and masks: the only place that opens media files.

Files are opened from a Python file object under a container and codec allow-list, so a file can never make the decoder
open a second one. What comes out is always upright, square-pixelled, sRGB / BT.709, uint8, at a constant rate.
"""
