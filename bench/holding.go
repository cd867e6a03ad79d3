package main

func (b *bench) holding() error { return nil }
