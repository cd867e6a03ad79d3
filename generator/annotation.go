package generator

import (
	"go/ast"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseAnnotation reads the arguments of a directive by the table of options.
func parseAnnotation(r *reporter, c *ast.Comment, d ast.Directive) *annotation {
	a := newAnnotation()
	a.pos = d.Slash
	args, whole := parseArgs(r, d)
	for i := 0; i < len(args); i++ {
		arg := args[i]
		start := arg.Pos
		if raw := c.Text[arg.Pos-c.Slash]; raw == '"' || raw == '`' {
			start++ // past the quote around the whole argument
		}
		if skipped := splitArgument(r, args[i:]); skipped > 0 {
			i += skipped
			name, _, _ := strings.Cut(arg.Arg, "=")
			a.stated[name] = start
			continue
		}
		parseArgument(r, a, arg.Arg, start)
	}
	if _, stated := a.stated["key"]; !stated && whole {
		r.at(d.Slash, codeKeyMissing, "key is missing: say what makes two of these tasks the same, as %s", goodExample)
	}
	return a
}

// parseArgs splits a directive's arguments, up to a comment that starts with
// "//". It reports an argument that does not end, returns those before it, and says
// that there was more.
func parseArgs(r *reporter, d ast.Directive) ([]ast.DirectiveArg, bool) {
	var failure error
	for _, end := range commentStarts(d.Args) {
		part := d
		part.Args = d.Args[:end]
		args, err := part.ParseArgs()
		if err == nil {
			return args, true
		}
		failure = err
	}
	message := failure.Error()
	if _, quoted, found := strings.Cut(message, "//idem:task: "); found {
		at := d.ArgsPos + token.Pos(max(0, strings.Index(d.Args, quoted)))
		r.at(at, codeArguments, "the quotes of this argument are not closed, or not followed by a space: %s", quoted)
		d.Args = d.Args[:at-d.ArgsPos]
		args, _ := d.ParseArgs() // which has understood them already
		return args, false
	}
	r.at(d.ArgsPos, codeArguments, "%s", message)
	return nil, false
}

// commentStarts returns each offset where a "//" starts an argument, and the
// end.
func commentStarts(args string) []int {
	var starts []int
	for i := range args {
		if !strings.HasPrefix(args[i:], "//") {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(args[:i]); i == 0 || unicode.IsSpace(before) {
			starts = append(starts, i)
		}
	}
	return append(starts, len(args))
}

// splitArgument reports an argument that spaces have cut in pieces, and returns
// how many of those that follow belong to it.
func splitArgument(r *reporter, args []ast.DirectiveArg) int {
	name, value, found := strings.Cut(args[0].Arg, "=")
	valuePos := args[0].Pos + token.Pos(len(name)+1)
	switch {
	case found && strings.HasPrefix(value, `"`) && (len(value) == 1 || !strings.HasSuffix(value, `"`)):
		whole := []string{args[0].Arg}
		for _, arg := range args[1:] {
			whole = append(whole, arg.Arg)
			if strings.HasSuffix(arg.Arg, `"`) {
				r.at(valuePos, codeArguments, "quotes do not hold a value with spaces together, only a whole argument: write `%s`, in backquotes", strings.Join(whole, " "))
				return len(whole) - 1
			}
		}
	case len(args) > 1 && strings.HasSuffix(args[0].Arg, ",") && found && name != "" && !isOption(args[1].Arg):
		whole := []string{args[0].Arg}
		for _, arg := range args[1:] {
			if isOption(arg.Arg) || !strings.HasSuffix(whole[len(whole)-1], ",") {
				break
			}
			whole = append(whole, arg.Arg)
		}
		r.at(args[1].Pos, codeArguments, "a space ends the list: write %s, without spaces", strings.Join(whole, ""))
		return len(whole) - 1
	case len(args) > 1 && (!found || value == "") && strings.HasPrefix(args[1].Arg, "="):
		r.at(args[1].Pos, codeArguments, "no spaces around =: write %s=…", args[0].Arg)
		if args[1].Arg == "=" && len(args) > 2 {
			return 2
		}
		return 1
	}
	return 0
}

// isOption reports whether an argument states an option, be it a misspelt one.
func isOption(arg string) bool {
	o, known := optionNamed(arg)
	return known && o.Flag || strings.Contains(arg, "=")
}

// parseArgument reads one argument, which starts at pos.
func parseArgument(r *reporter, a *annotation, arg string, pos token.Pos) {
	name, value, hasValue := strings.Cut(arg, "=")
	valuePos := pos + token.Pos(len(name)+1)
	o, known := optionNamed(name)
	first, again := a.stated[name]
	if !again {
		first, again = a.wrong[name]
	}
	switch {
	case !known && name == "":
		r.at(pos, codeOption, "%q has no option's name before the =; the options are %s", arg, list(optionNames()))
		return
	case !known:
		r.at(pos, codeOption, "unknown option %q%s", name, knownOptions(name))
		return
	case again:
		r.at(pos, codeStatedTwice, "option %s is stated twice, first in column %d: write it once", name, r.fset.PositionFor(first, false).Column)
		return
	case o.Flag && hasValue:
		r.at(pos, codeValueMissing, "option %s takes no value: write %s or leave it out", name, name)
		return
	case !o.Flag && value == "":
		a.stated[name] = pos
		r.at(pos, codeValueMissing, "option %s needs a value: write %s=… (%s)", name, name, plain(o.Values))
		return
	}
	a.stated[name] = pos
	if hasValue {
		a.stated[name] = valuePos
	}
	before, refused := *a, false
	o.set(a, value, func(offset int, c code, format string, args ...any) {
		r.at(valuePos+token.Pos(offset), c, format, args...)
		refused = true
	})
	switch {
	case name == "key":
		locate(a.Key, valuePos)
	case name == "match":
		locate(a.Match, valuePos)
	case refused:
		*a = before // what follows is checked with the default
		delete(a.stated, name)
		a.wrong[name] = valuePos
	}
}

// knownOptions suggests the option nearest to name, or else lists them all.
func knownOptions(name string) string {
	if near := didYouMean(name, optionNames()); near != "" {
		return near
	}
	return "; the options are " + list(optionNames())
}

// locate gives selectors their position in the file.
func locate(selectors []selector, value token.Pos) {
	for i := range selectors {
		selectors[i].pos = value + token.Pos(selectors[i].offset)
		locate(selectors[i].Hash, value)
	}
}

// plain returns reference text without its markup: code in “ ` “ keeps its
// own backquotes.
func plain(s string) string {
	return strings.NewReplacer("`` `", "`", "` ``", "`", "`", "").Replace(s)
}
