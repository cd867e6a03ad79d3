package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFigureSaysWhetherItMeetsItsGoal(t *testing.T) {
	for name, tt := range map[string]struct {
		judged  figure
		goal    string
		verdict verdict
	}{
		"below a limit":        {figure{Value: 0.4}.atMost(1), "≤ 1", met},
		"at a limit":           {figure{Value: 1}.atMost(1), "≤ 1", met},
		"beyond it":            {figure{Value: 1.1}.atMost(1), "≤ 1", missed},
		"less than asked":      {figure{Value: 0.89}.atLeast(0.9), "≥ 0.90", missed},
		"as much as asked":     {figure{Value: 0.9}.atLeast(0.9), "≥ 0.90", met},
		"the same is not more": {figure{Value: 1}.moreThan(1), "> 1", missed},
		"nothing is asked":     {figure{Value: 1}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.goal, tt.judged.Goal)
			assert.Equal(t, tt.verdict, tt.judged.Verdict)
		})
	}
}

func TestNumbersShowTheDigitsThatCount(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0", 1: "1", 20: "20", 1.2345: "1.23", 12.345: "12.3", 123.45: "123", 40_080.4: "40,080",
		1_234_567: "1,234,567", 0.0871: "0.087", -0.25: "-0.25", -12_345: "-12,345", -123: "-123",
	} {
		assert.Equal(t, want, number(value))
	}
}

func TestQuantilesLieBetweenTheirNeighbours(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	assert.InDelta(t, 2.5, median(values), 1e-9)
	assert.InDelta(t, 1, quantile(values, 0), 1e-9)
	assert.InDelta(t, 4, quantile(values, 1), 1e-9)
	assert.Equal(t, []float64{4, 1, 3, 2}, values, "they keep their rounds")
	assert.Equal(t, []float64{0.5, 2}, ratios([]float64{1, 4}, []float64{2, 2}))
}

// A run in which everybody is as fast as its place, and idemgen the slowest.
func exampleReport() *bench {
	b := &bench{report: newReport()}
	for _, n := range callers {
		for i, c := range contestants {
			speed := float64(1000 * (i + 1))
			b.report.Rates = append(b.report.Rates, rate{
				Contestant: c.name, Callers: n, Firsts: pace{PerSecond: []float64{speed, speed}, CPU: []float64{9, 9}},
				Duplicates: pace{PerSecond: []float64{speed, 2 * speed}, CPU: []float64{9, 9}},
			})
		}
	}
	b.judgeThroughput()
	return b
}

func TestTheBetterModeIsTheReference(t *testing.T) {
	name, values := exampleReport().better(phases[0], 16, []contestant{protocolPool, protocolAuto})
	assert.Equal(t, protocolAuto.name, name)
	assert.Equal(t, []float64{3000, 3000}, values)
}

func TestAReportIsWrittenInAllItsForms(t *testing.T) {
	dir := t.TempDir()
	jsonFile, markdownFile := filepath.Join(dir, "r", "results.json"), filepath.Join(dir, "r", "results.md")
	require.NoError(t, exampleReport().report.write(jsonFile, markdownFile, dir))
	markdown, err := os.ReadFile(markdownFile)
	require.NoError(t, err)
	for _, c := range contestants {
		assert.Contains(t, string(markdown), "\n| "+c.name+" | ")
	}
	assert.Contains(t, string(markdown),
		"\n| first executions, callers: 16, against bare protocol, AutoPipeline | 0.33 | ≥ 0.90 | missed | 0.33 to 0.33 |\n")
	for _, name := range []string{"first-executions.svg", "duplicates.svg"} {
		chart, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Contains(t, string(chart), "<svg")
	}
	assert.FileExists(t, jsonFile)
}
