package generator

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// pageWidth is how many columns a table has at most: what fits beside something
// else on a screen, and into a mail.
const pageWidth = 100

// A table has a line of titles and one of cells for each task.
type table [][]string

// print writes the table in aligned columns. Where they do not fit, the widest
// are narrowed, the first one last, and what is in them goes on in the next line.
func (t table) print(w io.Writer) error {
	const gap = 2
	widths := make([]int, len(t[0]))
	total := -gap
	for i := range widths {
		for _, row := range t {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		total += widths[i] + gap
	}
	for ; total > pageWidth; total-- {
		const narrow = 14
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] || widest == 0 && widths[i] > narrow {
				widest = i
			}
		}
		widths[widest]--
	}
	cells, needed := make([][][]string, len(t)), make([]int, len(widths))
	for n, row := range t {
		for i, cell := range row {
			lines := breakCell(cell, widths[i])
			cells[n] = append(cells[n], lines)
			for _, line := range lines {
				needed[i] = max(needed[i], utf8.RuneCountInString(line))
			}
		}
	}
	var b strings.Builder
	for _, row := range cells {
		height := 0
		for _, lines := range row {
			height = max(height, len(lines))
		}
		for n := range height {
			var line strings.Builder
			for i, lines := range row {
				text := ""
				if n < len(lines) {
					text = lines[n]
				}
				line.WriteString(text + strings.Repeat(" ", needed[i]+gap-utf8.RuneCountInString(text)))
			}
			b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// breakCell breaks text into lines of a width, after a space or a mark if there is
// one behind the first quarter of a line.
func breakCell(text string, width int) []string {
	var lines []string
	runes := []rune(text)
	for len(runes) > width {
		end := width
		for i := width; i > width/4; i-- {
			if strings.ContainsRune(" ,:/", runes[i-1]) {
				end = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(runes[:end]), " "))
		runes = runes[end:]
	}
	return append(lines, string(runes))
}

// markdown writes the table as one in Markdown.
func (t table) markdown(w io.Writer) error {
	var b strings.Builder
	for i, row := range t {
		for _, cell := range row {
			if i > 0 && cell != "" {
				cell = "`" + cell + "`"
			}
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	_, err := fmt.Fprint(w, b.String())
	return err
}
