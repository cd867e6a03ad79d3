package console

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAScaleEndsAtARoundNumber(t *testing.T) {
	for most, want := range map[float64]float64{0: 1, 2: 2, 3: 4, 5: 6, 7: 8, 9: 10, 11: 20, 99: 100, 101: 200, 350: 400} {
		limit, ticks := scale(most)
		assert.InDelta(t, want, limit, 1e-9, most)
		assert.Equal(t, []float64{0, limit / 2, limit}, ticks)
	}
}

func TestAChartHasGapsWhereThereWasNothing(t *testing.T) {
	nan := math.NaN()
	c := chart{Title: "T", Step: time.Minute, format: whole, Lines: []line{{Name: "n", Class: "a", Total: "9", Values: []float64{1, 2, nan, 4, nan, 2, 3, 1}}}}
	svg := string(c.SVG())
	assert.Equal(t, 2, strings.Count(svg, `class="line a"`))
	assert.Equal(t, 1, strings.Count(svg, `class="dot a"`))
	assert.Equal(t, 1, strings.Count(svg, `class="line unfinished a"`), "the step that is not over")
	assert.NotContains(t, svg, "NaN")
	assert.Contains(t, svg, `aria-label="T, from 00:00 to 00:07 UTC. n: 9."`)
	assert.Len(t, c.Rows(), 6)
	assert.Equal(t, tableRow{"00:07", []string{"1"}}, c.Rows()[0])
}
