package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest is the length in characters at which a word is cut.
const longest = 32

// Words calls yield with each word of a text, as it is indexed: folded, so that
// case, accents and points do not count. A name such as http.StatusOK or
// max_idle yields itself without its joints, and its parts. Chinese, Japanese,
// Thai and their like, which put no space between words, yield pairs of
// characters. The function words in theme/assets/js/search/words.js does the same.
func Words(text string, yield func(string)) {
	text = normal(text)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case paired(r):
			end := i
			for end < len(text) {
				r, n := utf8.DecodeRuneInString(text[end:])
				if !paired(r) {
					break
				}
				end += n
			}
			pairs(text[i:end], yield)
			i = end
		case letter(r):
			end := chunk(text, i)
			name(text[i:end], yield)
			if suffix := sign(text[i:end], text[end:]); suffix != "" {
				yield(lower(text[i:end]) + suffix)
				end += len(suffix)
			}
			i = end
		default:
			i += n
		}
	}
}

// normal undoes what Unicode has for looks, and takes accents and points away.
func normal(text string) string {
	ascii := true
	for i := 0; i < len(text) && ascii; i++ {
		ascii = text[i] < utf8.RuneSelf
	}
	if ascii {
		return text
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r >= 0x300 && r <= 0x36f, // accents
			r >= 0x591 && r <= 0x5bd, r == 0x5bf, r == 0x5c1, r == 0x5c2, r == 0x5c4, r == 0x5c5, r == 0x5c7, // Hebrew points
			r >= 0x64b && r <= 0x65f, r == 0x670, r == 0x640, // Arabic vowels and stretching
			r == 0xad, r >= 0x200b && r <= 0x200f, r == 0x2060, r == 0xfeff: // not seen at all
			return -1
		case r == 0x2019, r == 0x5f3: // apostrophes
			return '\''
		}
		return r
	}, norm.NFKD.String(text)))
}

var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "ł", "l", "ħ", "h", "ı", "i", "ς", "σ")

// lower folds what normal has left.
func lower(text string) string {
	return cut(letters.Replace(strings.Map(unicode.ToLower, text)))
}

func cut(text string) string {
	n := 0
	for i := range text {
		if n == longest {
			return text[:i]
		}
		n++
	}
	return text
}

func letter(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
	}
	return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !paired(r)
}

var pairedScripts = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar}

// paired reports whether a character is of a script without spaces.
func paired(r rune) bool {
	return r >= 0xe00 && (r == 'ー' || unicode.In(r, pairedScripts...) && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)))
}

// joint reports whether a character may stand inside a name.
func joint(r rune) bool { return r == '.' || r == '-' || r == '\'' }

// chunk is where the name that begins at i ends.
func chunk(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if joint(r) {
			if r, _ := utf8.DecodeRuneInString(text[i+n:]); !letter(r) {
				return i
			}
		} else if !letter(r) {
			return i
		}
		i += n
	}
	return i
}

// sign is the ++ or # after one or two letters: C++, F#.
func sign(base, after string) string {
	if len(base) > 2 {
		return ""
	}
	for i := range len(base) {
		if c := base[i] | 0x20; c < 'a' || c > 'z' {
			return ""
		}
	}
	for _, s := range []string{"++", "#"} {
		if rest, ok := strings.CutPrefix(after, s); ok {
			if r, _ := utf8.DecodeRuneInString(rest); !letter(r) && !paired(r) {
				return s
			}
		}
	}
	return ""
}

func pairs(run string, yield func(string)) {
	chars := []rune(run)
	if len(chars) == 1 {
		yield(lower(run))
		return
	}
	for i := range len(chars) - 1 {
		yield(lower(string(chars[i : i+2])))
	}
}

// name yields a name without its joints, and its parts of two letters or more.
func name(text string, yield func(string)) {
	simple := true
	for i := 0; i < len(text) && simple; i++ {
		c := text[i]
		simple = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || i == 0 && c >= 'A' && c <= 'Z'
	}
	if simple {
		if text[0] <= 'Z' {
			text = strings.ToLower(text)
		}
		yield(cut(text))
		return
	}
	whole := lower(strings.Map(func(r rune) rune {
		if joint(r) || r == '_' {
			return -1
		}
		return r
	}, text))
	if whole == "" {
		return
	}
	yield(whole)
	parts := strings.FieldsFunc(text, joint)
	for _, part := range parts {
		if len(parts) > 1 {
			long(lower(strings.ReplaceAll(part, "_", "")), yield)
		}
		if humps := humps(part); len(humps) > 1 {
			for _, hump := range humps {
				long(lower(hump), yield)
			}
		}
	}
}

func long(w string, yield func(string)) {
	if utf8.RuneCountInString(w) > 1 {
		yield(w)
	}
}

// humps splits fooBar, HTTPServer and foo_bar.
func humps(text string) []string {
	var list []string
	chars := []rune(text)
	begin := 0
	end := func(i int) {
		if i > begin {
			list = append(list, string(chars[begin:i]))
		}
		begin = i
	}
	for i, r := range chars {
		if r == '_' {
			end(i)
			begin = i + 1
			continue
		}
		if i == 0 || !unicode.IsUpper(r) {
			continue
		}
		before := chars[i-1]
		if unicode.IsLower(before) || unicode.IsNumber(before) ||
			unicode.IsUpper(before) && i+2 < len(chars) && unicode.IsLower(chars[i+1]) && unicode.IsLower(chars[i+2]) {
			end(i)
		}
	}
	end(len(chars))
	return list
}
