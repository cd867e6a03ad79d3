// Package golangci is the plugin with which golangci-lint runs idemgen's
// analyzers; docs/vet.md says how to build it in. It is a module of its own, so
// that users of idemgen do not inherit what it depends on.
package golangci

import (
	"github.com/golangci/plugin-module-register/register"
	"github.com/idemgen/idemgen/generator/analyzer"
	"golang.org/x/tools/go/analysis"
)

func init() { //nolint:gochecknoinits // importing a plugin is how golangci-lint learns of it
	register.Plugin("idemgen", New)
}

type plugin struct{}

// New returns the plugin, which has no settings.
func New(any) (register.LinterPlugin, error) { return plugin{}, nil }

// BuildAnalyzers returns idemgen's analyzers.
func (plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return analyzer.All, nil }

// GetLoadMode says that the analyzers need types.
func (plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
