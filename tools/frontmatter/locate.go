package frontmatter

import (
	"bytes"
	"strings"
)

// Locate finds a dotted key, such as params.duskpress.rules, in a
// configuration file and returns the offset at which it stands: that of the key
// itself, or of the nearest table above it that is written out.
func Locate(format string, data []byte, dotted string) (offset int, exact bool) {
	dotted = strings.ToLower(dotted)
	best, bestLen := -1, 0
	note := func(name string, at int) {
		if name == dotted || strings.HasPrefix(dotted, name+".") {
			if len(name) > bestLen {
				best, bestLen = at, len(name)
			}
		}
	}
	switch format {
	case "toml":
		locateTOML(data, note)
	case "yaml":
		locateYAML(data, note)
	}
	return best, best >= 0 && bestLen == len(dotted)
}

func locateTOML(data []byte, note func(string, int)) {
	table := ""
	for i := 0; ; {
		i = skipTOMLSpace(data, i)
		if i >= len(data) {
			return
		}
		if data[i] == '[' {
			end := bytes.IndexByte(data[i:], ']')
			if end < 0 {
				return
			}
			table = cleanKey(strings.Trim(string(data[i:i+end]), "[]"))
			note(table, i)
			i += end
			for i < len(data) && data[i] != '\n' {
				i++
			}
			continue
		}
		eq := tomlKeyEnd(data, i)
		if eq < 0 {
			return
		}
		name := cleanKey(string(data[i:eq]))
		if table != "" {
			name = table + "." + name
		}
		note(name, i)
		i = tomlValueEnd(data, eq+1)
		for i < len(data) && data[i] != '\n' {
			i++
		}
	}
}

func cleanKey(key string) string {
	parts := strings.Split(key, ".")
	for i, p := range parts {
		parts[i] = strings.ToLower(strings.Trim(strings.TrimSpace(p), `"'`))
	}
	return strings.Join(parts, ".")
}

func locateYAML(data []byte, note func(string, int)) {
	type level struct {
		indent int
		name   string
	}
	var above []level
	for start := 0; start < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
			end = start + n + 1
		}
		line := data[start:end]
		text := bytes.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if colon := yamlKeyEnd(text); colon > 0 {
			for len(above) > 0 && above[len(above)-1].indent >= indent {
				above = above[:len(above)-1]
			}
			name := cleanKey(string(text[:colon]))
			if len(above) > 0 {
				name = above[len(above)-1].name + "." + name
			}
			above = append(above, level{indent, name})
			note(name, start+indent)
		}
		start = end
	}
}
