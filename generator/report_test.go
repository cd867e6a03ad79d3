package generator

import (
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnATerminalThePlaceStandsOut(t *testing.T) {
	var b strings.Builder
	require.NoError(t, Report(&b, "text", true, "/shop", []Diagnostic{
		{Code: "IDEM006", Message: "unknown option", Position: token.Position{Filename: "/shop/a.go", Line: 3, Column: 9}},
		{Code: "IDEM061", Message: "may not survive", Position: token.Position{Filename: "/shop/a.go"}, Note: true},
	}))
	assert.Equal(t, "\x1b[1ma.go:3:9:\x1b[0m unknown option \x1b[2m(IDEM006)\x1b[0m\n"+
		"\x1b[1ma.go:\x1b[0m \x1b[36mnote:\x1b[0m may not survive \x1b[2m(IDEM061)\x1b[0m\n", b.String())
}

func TestAnnotationsForGitHubEscapeWhatWouldEndThem(t *testing.T) {
	var b strings.Builder
	require.NoError(t, Report(&b, "github", false, "/shop", []Diagnostic{
		{Code: "IDEM006", Message: "50% of a:b,\nc", Position: token.Position{Filename: "/shop/a,b:c%.go", Line: 3}},
	}))
	assert.Equal(t, "::error file=a%2Cb%3Ac%25.go,line=3,col=1,title=IDEM006::50%25 of a:b,%0Ac\n", b.String())
}
