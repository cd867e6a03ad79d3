package analyzer_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/idemgen/idemgen/generator/analyzer"
)

// The packages under testdata say what is expected beside the line it is about.
// Those in src/wrapped are up to date by `go test ./generator -update`.
func TestAnalyzerReportsWhatStandsInComments(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	analysistest.Run(t, root, analyzer.Analyzer, "./generator/analyzer/testdata/src/...")
}
