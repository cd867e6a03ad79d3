package main

func (b *bench) large() error { return nil }
