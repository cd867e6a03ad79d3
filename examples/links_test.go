package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// Every link between the documents leads to a file that is there, and to a heading
// that it has; and the index in docs/README.md leads to every one of them.
func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	root, err := filepath.Glob("../*.md")
	require.NoError(t, err)
	indexed := map[string]bool{}
	for _, page := range append(root, pages...) {
		content, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(content), ""), -1) {
			if strings.Contains(m[1], ":") {
				continue // another site's
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if filepath.Base(filepath.Dir(page)) == "docs" && filepath.Base(page) == "README.md" {
				indexed[target] = true
			}
			there, err := os.ReadFile(target)
			if err != nil {
				_, err = os.Stat(target) // a folder
			}
			if assert.NoError(t, err, "%s links to %s", page, m[1]) && anchor != "" {
				assert.Contains(t, anchors(string(there)), anchor, "%s links to %s", page, m[1])
			}
		}
	}
	for _, page := range pages {
		if filepath.Base(page) != "README.md" {
			assert.True(t, indexed[page], "docs/README.md does not link to %s", page)
		}
	}
}

// anchors returns what the headings of a page are linked by, as GitHub makes it.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return all
}
