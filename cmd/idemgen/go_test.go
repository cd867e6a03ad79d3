package main

import (
	"context"
	"os/exec"
)

// goCommand returns what the go command prints.
func goCommand(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", args...).Output()
	return string(out), err
}
