"""Handing a case on to those who help further: a directory of targets whose numbers somebody has checked, and a record of each time."""
