package csp

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"duskpress/tools/pipeline"
)

// Stylesheet returns what a style sheet loads: imports, fonts and images.
func Stylesheet(text []byte) []pipeline.Use {
	var p Page
	lexer := css.NewLexer(parse.NewInputBytes(bytes.Clone(text)))
	var (
		depth    int
		fontFace = -1   // the depth of an @font-face
		at       string // an at-rule whose block or semicolon is still to come
		function bool   // in url(, whose address is a string
	)
	take := func(address string) {
		directive := "img-src"
		switch {
		case at == "@import":
			directive = "style-src"
		case at == "@namespace":
			return // a name, and nothing is fetched
		case fontFace >= 0:
			directive = "font-src"
		}
		p.load(directive, "style sheet", "url", unescapeCSS(address))
	}
	for {
		kind, data := lexer.Next()
		switch kind {
		case css.ErrorToken:
			return p.Uses
		case css.AtKeywordToken:
			at = strings.ToLower(string(data))
		case css.SemicolonToken:
			at = ""
		case css.LeftBraceToken:
			if at == "@font-face" {
				fontFace = depth
			}
			at = ""
			depth++
		case css.RightBraceToken:
			depth--
			if depth == fontFace {
				fontFace = -1
			}
		case css.FunctionToken:
			name := strings.ToLower(string(data))
			function = slices.Contains([]string{"url(", "src(", "image-set(", "-webkit-image-set(", "image("}, name)
		case css.RightParenthesisToken:
			function = false
		case css.URLToken:
			inside := bytes.TrimSpace(bytes.TrimSuffix(data[len("url("):], []byte(")"))) // which the end of the file may lack
			take(string(bytes.Trim(inside, `"'`)))
		case css.StringToken:
			if function || at == "@import" {
				take(string(bytes.Trim(data, `"'`)))
			}
		}
	}
}

var escape = regexp.MustCompile(`\\([0-9a-fA-F]{1,6})[ \t\n]?|\\(.)`)

// unescapeCSS resolves escapes, behind which a host could hide.
func unescapeCSS(s string) string {
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		m := escape.FindStringSubmatch(e)
		if m[1] == "" {
			return m[2]
		}
		r, err := strconv.ParseUint(m[1], 16, 32)
		if err != nil {
			return e
		}
		return string(rune(r))
	})
}
