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
	rules func() (*ruleset, error)
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
	if lexer := lexers.Get(name); lexer != nil && name != privateName {
		found = language{lexer, key(lexer, name), sync.OnceValues(func() (*ruleset, error) { return rulesOf(lexer) })}
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
		if name == privateName {
			continue
		}
		set[strings.ToLower(name)] = true
	}
	return slices.Sorted(maps.Keys(set))
})
