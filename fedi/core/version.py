"""The version of this program, as NodeInfo, headers and the command line tell it."""

VERSION = "0.1.0"
