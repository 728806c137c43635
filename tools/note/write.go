package note

import (
	"fmt"
	"slices"
	"strings"
)

// A Field is one key of front matter and its value.
type Field struct {
	Key   string
	Value any
}

// A Date is written as it is, without quotes: 2026-11-03, or with a time.
type Date string

// Front writes front matter with its fields in the order given, tables last,
// since a TOML key behind a table would be the table's.
func Front(form Form, fields []Field) ([]byte, error) {
	fields = slices.Clone(fields)
	slices.SortStableFunc(fields, func(a, b Field) int { return boolInt(isTable(a.Value)) - boolInt(isTable(b.Value)) })
	sep := " = "
	if form == YAML {
		sep = ": "
	}
	var b strings.Builder
	for _, f := range fields {
		value := ""
		switch v := f.Value.(type) {
		case Date:
			value = string(v)
		case string:
			value = quote(v)
		case bool:
			value = fmt.Sprint(v)
		case []string:
			value = quoteList(v)
		default:
			part, err := encode(form, map[string]any{f.Key: v})
			if err != nil {
				return nil, err
			}
			b.Write(part)
			continue
		}
		b.WriteString(key(f.Key) + sep + value + "\n")
	}
	if _, err := decode(form, []byte(b.String())); err != nil {
		return nil, fmt.Errorf("front matter cannot be written as %s: %w", form, err)
	}
	return []byte(b.String()), nil
}

// key quotes a key that is no bare word.
func key(s string) string {
	for _, r := range s {
		if !(r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return quote(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}

func isTable(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return true
	case []any:
		return len(v) > 0 && isTable(v[0])
	}
	return false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Split cuts front matter off a file; form is empty where there is none.
func Split(data []byte) (form Form, front, text []byte) { return split(data) }

// Join puts front matter before a text.
func Join(form Form, front, text []byte) []byte { return join(form, front, text) }

// Quote writes a text as TOML, YAML and JSON all read it.
func Quote(s string) string { return quote(s) }
