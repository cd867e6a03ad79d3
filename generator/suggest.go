package generator

import (
	"fmt"
	"strings"
)

// didYouMean returns "; did you mean X?" for the valid name nearest to a
// misspelt one, or nothing if none is near.
func didYouMean(name string, valid []string) string {
	if near := nearest(name, valid); near != "" {
		return fmt.Sprintf("; did you mean %s?", near)
	}
	return ""
}

// instead suggests the valid name nearest to a misspelt one, or lists a few that
// are valid where none is near.
func instead(name string, valid []string) string {
	const few = 6
	if near := didYouMean(name, valid); near != "" || len(valid) == 0 {
		return near
	}
	if len(valid) > few {
		return fmt.Sprintf("; it has %s and others", strings.Join(valid[:few], ", "))
	}
	return fmt.Sprintf("; it has %s", list(valid))
}

// nearest returns the valid name with the fewest edits from name, at most a
// third of its letters and fewer than all, or "".
func nearest(name string, valid []string) string {
	letters := len([]rune(name))
	best, least := "", min(letters, max(1, letters/3)+1)
	for _, v := range valid {
		if d := distance(strings.ToLower(name), strings.ToLower(v)); d < least {
			best, least = v, d
		}
	}
	return best
}

// distance counts the edits from a to b: letters inserted, deleted, replaced,
// or swapped with their neighbour.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range row {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

// list joins words as a sentence does: "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
