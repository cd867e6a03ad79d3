package generator

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheInventorysMembersAreDocumented(t *testing.T) {
	var want []string
	for field := range reflect.TypeFor[Task]().Fields() {
		if tag, ok := field.Tag.Lookup("json"); ok {
			name, _, _ := strings.Cut(tag, ",")
			want = append(want, name)
		}
	}
	content, err := os.ReadFile("../docs/inventory.md")
	require.NoError(t, err)
	var got []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(content), -1) {
		got = append(got, row[1])
	}
	assert.Equal(t, want, got)
}

func TestATableFitsThePage(t *testing.T) {
	long := strings.Repeat("{Customer.Address.Country}:", 8)
	var b strings.Builder
	require.NoError(t, table{
		{"NAME", "KEY", "POSITION"},
		{"warehouse.Größe", long, "internal/warehouse/shipping/parcel.go:12"},
		{"a", "{ID}", "a.go:1"},
	}.print(&b))
	for line := range strings.Lines(b.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line)-1, pageWidth, line)
		assert.Equal(t, strings.TrimRight(line, " \n")+"\n", line)
	}
	assert.Contains(t, b.String(), "\nwarehouse.Größe  {Customer.Address.Country}:  internal/")
	assert.Contains(t, b.String(), "\na                {ID}                         a.go:1\n")
}

func TestCellsBreakAtMarks(t *testing.T) {
	assert.Equal(t, []string{"short"}, breakCell("short", 10))
	assert.Equal(t, []string{"one,two,", "three"}, breakCell("one,two,three", 10))
	assert.Equal(t, []string{"abcdefghij", "kl"}, breakCell("abcdefghijkl", 10))
	assert.Equal(t, []string{"größer als", "Maße"}, breakCell("größer als Maße", 11))
}
