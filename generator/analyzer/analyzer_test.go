package analyzer_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/idemgen/idemgen/generator"
	"github.com/idemgen/idemgen/generator/analyzer"
)

func TestWhatIsReportedIsExplained(t *testing.T) {
	for _, code := range []string{generator.CodeBypass, generator.CodeReason, generator.CodeMutated, generator.CodeRebuilt, generator.CodeOutOfDate} {
		assert.NotEmpty(t, generator.Explain(code), code)
	}
	assert.NoError(t, analysis.Validate(analyzer.All))
}

// The packages under testdata say what is expected beside the line it is about.
// Those in src/wrapped are up to date by `go test ./generator -update`.
func TestAnalyzerReportsWhatStandsInComments(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	const src = "./generator/analyzer/testdata/src/"
	analysistest.Run(t, root, analyzer.Analyzer, src+"caller", src+"faulty", src+"stale", src+"wrapped")
	analysistest.Run(t, root, analyzer.Mutated, src+"mutated")
	analysistest.Run(t, root, analyzer.Rebuilt, src+"rebuilt")
}
