package console

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/idemgen/idemgen/internal/human"
)

// A chart is a drawing of one or two lines over time, as SVG. Its colours are the
// stylesheet's, by the classes of its lines.
type chart struct {
	Title  string
	Start  time.Time
	Step   time.Duration
	Lines  []line
	format func(float64) string // of a value on the scale, and in the table
	least  float64              // the scale's upper end at least
}

// A line is one thing over time. A value that is not a number is a gap.
type line struct {
	Name   string
	Class  string
	Values []float64
	Total  string // of the whole window, for the legend
}

// The drawing's measures, in its own units.
const (
	chartWidth  = 560
	chartHeight = 150
	left        = 58 // of the plot
	right       = 8
	top         = 10
	bottom      = 22
)

// SVG draws the chart.
func (c chart) SVG() template.HTML {
	var b strings.Builder
	limit, ticks := scale(max(c.highest(), c.least))
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight,
		template.HTMLEscapeString(c.summary()))
	plotWidth, plotHeight := float64(chartWidth-left-right), float64(chartHeight-top-bottom)
	y := func(v float64) float64 { return top + plotHeight*(1-v/limit) }
	for _, tick := range ticks {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`, left, chartWidth-right, y(tick), y(tick))
		fmt.Fprintf(&b, `<text class="axis" x="%d" y="%.1f" text-anchor="end">%s</text>`, left-8, y(tick)+4, template.HTMLEscapeString(c.format(tick)))
	}
	steps := c.steps()
	x := func(n int) float64 { return left + plotWidth*float64(n)/float64(max(steps-1, 1)) }
	for _, at := range []int{0, (steps - 1) / 2, steps - 1} {
		anchor := "middle"
		switch at {
		case 0:
			anchor = "start"
		case steps - 1:
			anchor = "end"
		}
		fmt.Fprintf(&b, `<text class="axis" x="%.1f" y="%d" text-anchor="%s">%s</text>`, x(at), chartHeight-4, anchor, c.when(at))
	}
	for _, l := range c.Lines {
		l.draw(&b, x, y)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

// draw draws a line with the area below it, in as many pieces as it has. Its last
// step is still being filled, and is only hinted at.
func (l line) draw(b *strings.Builder, x func(int) float64, y func(float64) float64) {
	path := func(from, to int) string {
		var p strings.Builder
		verb := "M"
		for n := from; n < to; n++ {
			fmt.Fprintf(&p, "%s%.1f %.1f", verb, x(n), y(l.Values[n]))
			verb = "L"
		}
		return p.String()
	}
	last := len(l.Values) - 1
	for n := 0; n < last; n++ {
		if math.IsNaN(l.Values[n]) {
			continue
		}
		from := n
		for n < last && !math.IsNaN(l.Values[n]) {
			n++
		}
		if n-from == 1 {
			fmt.Fprintf(b, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="2"/>`, l.Class, x(from), y(l.Values[from]))
			continue
		}
		fmt.Fprintf(b, `<path class="area %s" d="%sL%.1f %.1fL%.1f %.1fZ"/>`, l.Class, path(from, n), x(n-1), y(0), x(from), y(0))
		fmt.Fprintf(b, `<path class="line %s" d="%s"/>`, l.Class, path(from, n))
	}
	if last > 0 && !math.IsNaN(l.Values[last-1]) && !math.IsNaN(l.Values[last]) {
		fmt.Fprintf(b, `<path class="line unfinished %s" d="%s"/>`, l.Class, path(last-1, last+1))
	}
}

// summary says in words what the chart shows, for those who do not see it.
func (c chart) summary() string {
	parts := make([]string, len(c.Lines))
	for i, l := range c.Lines {
		parts[i] = l.Name + ": " + l.Total
	}
	return c.Title + ", from " + c.when(0) + " to " + c.when(c.steps()-1) + " UTC. " + strings.Join(parts, "; ") + "."
}

func (c chart) steps() int {
	if len(c.Lines) == 0 {
		return 0
	}
	return len(c.Lines[0].Values)
}

// when is the time of day of a step.
func (c chart) when(n int) string {
	return c.Start.Add(time.Duration(n) * c.Step).UTC().Format("15:04")
}

func (c chart) highest() float64 {
	most := 0.0
	for _, l := range c.Lines {
		for _, v := range l.Values {
			if v > most { // which no NaN is
				most = v
			}
		}
	}
	return most
}

// A tableRow is one step of a chart, in words.
type tableRow struct {
	When  string
	Cells []string
}

// Rows are the steps in which there was something, the latest first.
func (c chart) Rows() []tableRow {
	var rows []tableRow
	for n := c.steps() - 1; n >= 0; n-- {
		row := tableRow{When: c.when(n)}
		something := false
		for _, l := range c.Lines {
			v := l.Values[n]
			something = something || v > 0
			if math.IsNaN(v) {
				row.Cells = append(row.Cells, "-")
				continue
			}
			row.Cells = append(row.Cells, c.format(v))
		}
		if something {
			rows = append(rows, row)
		}
	}
	return rows
}

// scale returns a round upper end for values up to most, and where to write numbers.
func scale(most float64) (limit float64, ticks []float64) {
	if most <= 0 {
		most = 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, m := range []float64{1, 2, 4, 6, 8, 10} { // of which half is whole, from 2 on
		if limit = m * unit; limit >= most {
			break
		}
	}
	return limit, []float64{0, limit / 2, limit}
}

// sparkline draws values without a scale, for a cell of a table.
func sparkline(class string, values []float64) template.HTML {
	const width, height = 96, 24
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="spark" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, width, height)
	most := 1.0
	for _, v := range values {
		most = max(most, v)
	}
	x := func(n int) float64 { return float64(width) * float64(n) / float64(max(len(values)-1, 1)) }
	y := func(v float64) float64 { return 2 + (height-4)*(1-v/most) }
	line{Class: class, Values: values}.draw(&b, x, y)
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // it consists of numbers
}

// charts are the charts of a task's history.
func charts(buckets []bucket, start time.Time, step time.Duration) []chart {
	total := sum(buckets)
	counted := func(name, class string, of func(bucket) uint32) line {
		return line{Name: name, Class: class, Values: values(buckets, of), Total: whole(float64(of(total)))}
	}
	slowest := func(name, class string, q float64) line {
		l := line{Name: name, Class: class, Values: make([]float64, len(buckets)), Total: "-"}
		for n, b := range buckets {
			l.Values[n] = math.NaN()
			if d, ok := quantile(b.took[:], q); ok {
				l.Values[n] = float64(d)
			}
		}
		if d, ok := quantile(total.took[:], q); ok {
			l.Total = duration(float64(d))
		}
		return l
	}
	each := " in " + shortSpan(step)
	list := []chart{
		{Title: "Executions and duplicates" + each, format: whole, least: 2, Lines: []line{
			counted("executions", "a", func(b bucket) uint32 { return b.executions }),
			counted("duplicates", "b", func(b bucket) uint32 { return b.duplicates }),
		}},
		{Title: "How long executions take", format: duration, least: float64(time.Millisecond), Lines: []line{
			slowest("median", "a", 0.5),
			slowest("95th percentile", "b", 0.95),
		}},
		{Title: "Waits and refusals" + each, format: whole, least: 2, Lines: []line{
			counted("waits", "a", func(b bucket) uint32 { return b.waits }),
			counted("refused", "b", func(b bucket) uint32 { return b.refused }),
		}},
		{Title: "Takeovers and lost leases" + each, format: whole, least: 2, Lines: []line{
			counted("taken over", "a", func(b bucket) uint32 { return b.takeovers }),
			counted("lost or not recorded", "c", func(b bucket) uint32 { return b.lost }),
		}},
	}
	for i := range list {
		list[i].Start, list[i].Step = start, step
	}
	return list
}

func values(buckets []bucket, of func(bucket) uint32) []float64 {
	list := make([]float64, len(buckets))
	for n, b := range buckets {
		list[n] = float64(of(b))
	}
	return list
}

func whole(v float64) string { return human.Count(int64(v)) }

// duration writes nanoseconds as a person reads them.
func duration(v float64) string {
	switch d := time.Duration(v); {
	case d == 0:
		return "0"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return human.Span(d)
	}
}

// shortSpan is a step in words.
func shortSpan(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
