package golangci_test

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"github.com/idemgen/idemgen/generator/analyzer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	_ "github.com/idemgen/idemgen/generator/golangci"
)

func TestImportingThePluginRegistersIt(t *testing.T) {
	build, err := register.GetPlugin("idemgen")
	require.NoError(t, err)
	plugin, err := build(nil)
	require.NoError(t, err)

	analyzers, err := plugin.BuildAnalyzers()

	require.NoError(t, err)
	assert.Equal(t, analyzer.All, analyzers)
	assert.Equal(t, register.LoadModeTypesInfo, plugin.GetLoadMode())
}
