package main

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// strokes are how a role's lines look; idemgen's is to be found at once.
var strokes = map[role]struct {
	width  vg.Length
	dashes []vg.Length
}{
	subject:     {width: vg.Points(3)},
	protocol:    {width: vg.Points(1.2), dashes: []vg.Length{vg.Points(5), vg.Points(3)}},
	floor:       {width: vg.Points(1.2), dashes: []vg.Length{vg.Points(1.5), vg.Points(2)}},
	outer:       {width: vg.Points(1.2), dashes: []vg.Length{vg.Points(8), vg.Points(3), vg.Points(1), vg.Points(3)}},
	alternative: {width: vg.Points(1.4)},
}

// colors are Okabe and Ito's, which most colour-blind people can tell apart; there
// is one per contestant, in their order.
var colors = []color.Color{
	color.RGBA{0xD5, 0x5E, 0x00, 0xFF},
	color.RGBA{0x99, 0x99, 0x99, 0xFF},
	color.RGBA{0x33, 0x33, 0x33, 0xFF},
	color.RGBA{0x99, 0x99, 0x99, 0xFF},
	color.RGBA{0x33, 0x33, 0x33, 0xFF},
	color.RGBA{0x00, 0x72, 0xB2, 0xFF},
	color.RGBA{0x56, 0xB4, 0xE9, 0xFF},
	color.RGBA{0x00, 0x9E, 0x73, 0xFF},
	color.RGBA{0xCC, 0x79, 0xA7, 0xFF},
	color.RGBA{0xE6, 0x9F, 0x00, 0xFF},
}

// chart draws what everybody reached, over the number of callers.
func (r *report) chart(p phase, file string) error {
	c := plot.New()
	c.Title.Text = fmt.Sprintf("%s a second, by concurrent callers (median; %d cores shared with Redis)", p.name, r.Machine.Cores)
	c.BackgroundColor = color.White
	c.X.Label.Text, c.Y.Label.Text = "concurrent callers", p.name+" a second"
	c.X.Scale = plot.LogScale{}
	c.X.Tick.Marker = plot.TickerFunc(func(_, _ float64) (ticks []plot.Tick) {
		for _, n := range callers {
			ticks = append(ticks, plot.Tick{Value: float64(n), Label: fmt.Sprint(n)})
		}
		return ticks
	})
	c.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := plot.DefaultTicks{}.Ticks(low, high)
		for i := range ticks {
			if ticks[i].Label != "" {
				ticks[i].Label = number(ticks[i].Value)
			}
		}
		return ticks
	})
	c.Y.Min = 0
	c.Legend.Top, c.Legend.Left = true, true
	c.Add(plotter.NewGrid())
	lines := make([]*plotter.Line, len(contestants))
	for i, who := range contestants {
		points := make(plotter.XYs, len(callers))
		for j, n := range callers {
			points[j] = plotter.XY{X: float64(n), Y: median(p.of(r.rate(who.name, n)).PerSecond)}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		stroke := strokes[who.role]
		line.Color, line.Width, line.Dashes = colors[i%len(colors)], stroke.width, stroke.dashes
		c.Legend.Add(who.name, line)
		lines[i] = line
	}
	for _, line := range slices.Backward(lines) { // idemgen last, and so on top
		c.Add(line)
	}
	c.Y.Max *= 1.05
	return c.Save(9*vg.Inch, 5.5*vg.Inch, file)
}
