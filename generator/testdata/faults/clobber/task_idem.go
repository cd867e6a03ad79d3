package clobber

// This file was written by hand.
