package frontmatter

import (
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	tests := []struct {
		name, format, data, field, key, value string
	}{
		{"toml array", "toml", "title = \"x # y\"\ntags = [\"a\", # one\n  'b]',\n] # end\ndate = 2020-01-01\n", "tags", "tags", " [\"a\", # one\n  'b]',\n]"},
		{"toml string", "toml", "tags = \"go\" # c\n", "tags", "tags", ` "go"`},
		{"toml multi-line string before", "toml", "d = \"\"\"\ntags = 1\n\"\"\"\nTags = []\n", "tags", "Tags", " []"},
		{"toml stops at a table", "toml", "a = 1\n[params]\ntags = 2\n", "tags", "", ""},
		{"yaml flow", "yaml", "title: x\ntags: [a, b] # c\ndate: 1\n", "tags", "tags", " [a, b]"},
		{"yaml block", "yaml", "tags:\n  - a\n  - b\n\n# next\ndate: 1\n", "tags", "tags", "\n  - a\n  - b"},
		{"yaml block without indent", "yaml", "tags:\n- a\n- b\ndate: 1\n", "tags", "tags", "\n- a\n- b"},
		{"yaml flow over lines", "yaml", "tags: [\na,\n]\nz: 1", "tags", "tags", " [\na,\n]"},
		{"yaml quoted key", "yaml", "\"tags\": a\n", "tags", `"tags"`, " a"},
		{"json", "json", "{\n \"title\": \"x\",\n \"tags\": [\"a\",\n \"b\"]\n}\n", "tags", `"tags"`, "[\"a\",\n \"b\"]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var key, value string
			for _, f := range Fields(tt.format, []byte(tt.data)) {
				if f.Name == tt.field {
					key, value = tt.data[f.Key.Start:f.Key.End], tt.data[f.Value.Start:f.Value.End]
					out := Replace([]byte(tt.data), f, []byte(`["x"]`))
					if a, b := strings.Count(tt.data, "\n"), strings.Count(string(out), "\n"); a != b {
						t.Errorf("Replace changed %d lines to %d:\n%s", a, b, out)
					}
				}
			}
			if key != tt.key || value != tt.value {
				t.Errorf("got key %q value %q, want %q %q", key, value, tt.key, tt.value)
			}
		})
	}
}

func TestLocate(t *testing.T) {
	toml := "a = 1\n[params.duskpress]\nx = 2\n[params.duskpress.plugins.'tags']\nSlugs = {}\n"
	yaml := "params:\n  other: 1\n  duskpress:\n    rules:\n      date: off\n"
	tests := []struct {
		format, data, key string
		line, column      int
		exact             bool
	}{
		{"toml", toml, "params.duskpress.x", 3, 1, true},
		{"toml", toml, "params.duskpress.plugins.tags.slugs", 5, 1, true},
		{"toml", toml, "params.duskpress.plugins.tags.other", 4, 1, false},
		{"yaml", yaml, "params.duskpress.rules.date", 5, 7, true},
		{"yaml", yaml, "params.duskpress.rules.other", 4, 5, false},
	}
	for _, tt := range tests {
		off, exact := Locate(tt.format, []byte(tt.data), tt.key)
		line, column := Place([]byte(tt.data), off)
		if line != tt.line || column != tt.column || exact != tt.exact {
			t.Errorf("%s %s: %d:%d %v, want %d:%d %v", tt.format, tt.key, line, column, exact, tt.line, tt.column, tt.exact)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add("toml", "a = [1]\n")
	f.Add("yaml", "a: [1]\n")
	f.Add("json", `{"a": 1}`)
	f.Fuzz(func(t *testing.T, format, data string) {
		for _, fl := range Fields(format, []byte(data)) {
			out := Replace([]byte(data), fl, []byte(`"x"`))
			if a, b := strings.Count(data, "\n"), strings.Count(string(out), "\n"); a != b {
				t.Fatalf("lines %d became %d", a, b)
			}
		}
		Locate(format, []byte(data), "a.b")
	})
}
