package highlight

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// language is what a fence's language resolves to. The zero value: nothing.
type language struct {
	lexer chroma.Lexer
	key   string // finds the same lexer, fast, and has no space for goldmark to cut at
}

// languages caches lookups, since chroma matches every unknown name against
// every file pattern it has.
var languages sync.Map // string to language

func lookup(name string) language {
	if name == "" {
		return language{}
	}
	if found, ok := languages.Load(name); ok {
		return found.(language)
	}
	var found language
	if lexer := lexers.Get(name); lexer != nil {
		found = language{lexer, key(lexer, name)}
	}
	languages.Store(strings.Clone(name), found)
	return found
}

// key returns a name of lexer that survives an info string. Every lexer of
// chroma has one among its names and aliases, which a test asserts; a name of
// which that is not true is passed on as it stands.
func key(lexer chroma.Lexer, name string) string {
	c := lexer.Config()
	for _, k := range append([]string{c.Name}, c.Aliases...) {
		if k != "" && !strings.Contains(k, " ") && lexers.Get(k) == lexer {
			return k
		}
	}
	return name
}

// Known reports whether code in lang is highlighted: lang is a name, an alias,
// a file extension or a file name of one of chroma's lexers, in any case.
func Known(lang string) bool { return lookup(lang).lexer != nil }

// Languages returns the names and aliases of all lexers, in lower case, sorted.
func Languages() []string { return slices.Clone(allLanguages()) }

var allLanguages = sync.OnceValue(func() []string {
	set := map[string]bool{}
	for _, name := range lexers.Names(true) {
		set[strings.ToLower(name)] = true
	}
	return slices.Sorted(maps.Keys(set))
})

// Nearest returns the known language that lang was probably meant to be, or ""
// where none is near. A known one is its own nearest.
func Nearest(lang string) string {
	lang = strings.ToLower(strings.TrimSpace(lang))
	if lang == "" || Known(lang) {
		return lang
	}
	best, bestScore := "", 0
	for _, name := range allLanguages() {
		d := distance(lang, name)
		if 3*d > max(len(lang), len(name)) {
			continue
		}
		// Few people mistype the first letter.
		score := 2 * d
		if name[0] != lang[0] {
			score++
		}
		if best == "" || score < bestScore {
			best, bestScore = name, score
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of
// neighbours that make b of a.
func distance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
