// Package frontmatter finds things in front matter and configuration: where a
// key stands, and which bytes are its value, so that a message can point there
// and a value can be replaced without moving a line.
//
// What enters: bytes in TOML, YAML or JSON that somebody else has parsed
// without error. What leaves: byte ranges and places. It decodes nothing, and
// where it is not sure it says that it found nothing.
package frontmatter

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A Span is a range of bytes, from Start up to but without End.
type Span struct{ Start, End int }

// A Field is a top-level key and the bytes of its value. In YAML the value
// begins after the colon, so that a block value can be replaced by a flow one.
type Field struct {
	Name  string
	Key   Span
	Value Span
}

// Fields lists the top-level fields of data, in order.
func Fields(format string, data []byte) []Field {
	switch format {
	case "toml":
		return tomlFields(data)
	case "yaml":
		return yamlFields(data)
	case "json":
		return jsonFields(data)
	}
	return nil
}

// Replace puts value, a JSON text, in the place of a field's value and keeps
// the number of lines. JSON strings and arrays of them are valid TOML and YAML
// too, if they hold no \/ and no surrogate escapes, which encoding/json never
// writes.
func Replace(data []byte, f Field, value []byte) []byte {
	lines := bytes.Count(data[f.Value.Start:f.Value.End], []byte("\n"))
	var b bytes.Buffer
	b.Write(data[:f.Value.Start])
	b.WriteByte(' ')
	b.Write(value)
	for range lines {
		b.WriteByte('\n')
	}
	b.Write(data[f.Value.End:])
	return b.Bytes()
}

// Place turns an offset into a line and a column in characters, from 1.
func Place(data []byte, offset int) (line, column int) {
	offset = max(0, min(offset, len(data)))
	line = 1 + bytes.Count(data[:offset], []byte("\n"))
	begin := bytes.LastIndexByte(data[:offset], '\n') + 1
	return line, 1 + utf8.RuneCount(data[begin:offset])
}

// tomlFields reads up to the first table.
func tomlFields(data []byte) []Field {
	var fields []Field
	for i := 0; i < len(data); {
		i = skipTOMLSpace(data, i)
		if i >= len(data) || data[i] == '[' {
			return fields
		}
		keyStart := i
		eq := tomlKeyEnd(data, i)
		if eq < 0 {
			return fields
		}
		end := tomlValueEnd(data, eq+1)
		key := strings.TrimSpace(string(data[keyStart:eq]))
		fields = append(fields, Field{
			Name:  strings.ToLower(strings.Trim(key, `"'`)),
			Key:   Span{keyStart, keyStart + len(key)},
			Value: Span{eq + 1, end},
		})
		i = end
		if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
			i += n + 1
		} else {
			return fields
		}
	}
	return fields
}

func skipTOMLSpace(data []byte, i int) int {
	for i < len(data) {
		switch {
		case data[i] == '#':
			n := bytes.IndexByte(data[i:], '\n')
			if n < 0 {
				return len(data)
			}
			i += n
		case data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n':
			i++
		default:
			return i
		}
	}
	return i
}

// tomlKeyEnd is the offset of the = after a key that begins at i, or -1.
func tomlKeyEnd(data []byte, i int) int {
	for i < len(data) {
		switch data[i] {
		case '=':
			return i
		case '\n':
			return -1
		case '"', '\'':
			i = tomlStringEnd(data, i)
		default:
			i++
		}
	}
	return -1
}

// tomlStringEnd is the offset after the string that begins at i.
func tomlStringEnd(data []byte, i int) int {
	q := data[i]
	if triple := bytes.Repeat([]byte{q}, 3); bytes.HasPrefix(data[i:], triple) {
		for j := i + 3; j < len(data); j++ {
			if q == '"' && data[j] == '\\' {
				j++
			} else if bytes.HasPrefix(data[j:], triple) {
				j += 3
				for j < len(data) && data[j] == q { // up to two more quotes belong to the string
					j++
				}
				return j
			}
		}
		return len(data)
	}
	for j := i + 1; j < len(data); j++ {
		switch {
		case q == '"' && data[j] == '\\':
			j++
		case data[j] == q:
			return j + 1
		case data[j] == '\n':
			return j
		}
	}
	return len(data)
}

// tomlValueEnd is the offset after the value that begins at or after i.
func tomlValueEnd(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch c := data[i]; {
		case c == '"' || c == '\'':
			i = tomlStringEnd(data, i)
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '#' && depth == 0:
			return trimRight(data, i)
		case c == '#':
			if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(data)
			}
			continue
		case c == '\n' && depth <= 0:
			return trimRight(data, i)
		}
		i++
	}
	return trimRight(data, len(data))
}

func trimRight(data []byte, end int) int {
	for end > 0 && (data[end-1] == ' ' || data[end-1] == '\t' || data[end-1] == '\r' || data[end-1] == '\n') {
		end--
	}
	return end
}

// yamlFields reads a block mapping that is not indented, as front matter is.
func yamlFields(data []byte) []Field {
	var fields []Field
	closeAt := func(end int) {
		if len(fields) > 0 {
			f := &fields[len(fields)-1]
			f.Value.End = max(f.Value.Start, yamlTrim(data, f.Value.Start, end))
		}
	}
	for start := 0; start < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
			end = start + n + 1
		}
		line := data[start:end]
		if colon := yamlKeyEnd(line); colon > 0 {
			closeAt(start)
			key := strings.TrimRight(string(line[:colon]), " \t")
			fields = append(fields, Field{
				Name:  strings.ToLower(strings.Trim(key, `"'`)),
				Key:   Span{start, start + len(key)},
				Value: Span{start + colon + 1, start + colon + 1},
			})
		}
		start = end
	}
	closeAt(len(data))
	return fields
}

// yamlTrim leaves out blank lines and whole-line comments at the end of a
// value, and a comment behind a value of one line.
func yamlTrim(data []byte, start, end int) int {
	for {
		end = trimRight(data[:end], end)
		if end <= start {
			return start
		}
		begin := bytes.LastIndexByte(data[start:end], '\n')
		if begin < 0 {
			line := data[start:end]
			if !bytes.ContainsAny(line, `"'`) {
				if n := bytes.Index(line, []byte(" #")); n >= 0 {
					return trimRight(data[:start+n], start+n)
				}
			}
			return end
		}
		if last := bytes.TrimSpace(data[start+begin+1 : end]); len(last) > 0 && last[0] != '#' {
			return end
		}
		end = start + begin
	}
}

// yamlKeyEnd is the offset of the colon after a key at the very beginning of
// the line, or -1.
func yamlKeyEnd(line []byte) int {
	if len(line) == 0 || strings.IndexByte(" \t\r\n#-]}[{%&*!|>", line[0]) >= 0 {
		return -1
	}
	i := 0
	if q := line[0]; q == '"' || q == '\'' {
		n := bytes.IndexByte(line[1:], q)
		if n < 0 {
			return -1
		}
		i = n + 2
	}
	for ; i < len(line); i++ {
		if line[i] == ':' && (i+1 == len(line) || strings.IndexByte(" \t\r\n", line[i+1]) >= 0) {
			return i
		}
	}
	return -1
}

func jsonFields(data []byte) []Field {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var fields []Field
	for dec.More() {
		before := int(dec.InputOffset())
		t, err := dec.Token()
		if err != nil {
			return fields
		}
		name, ok := t.(string)
		if !ok {
			return fields
		}
		keyEnd := int(dec.InputOffset())
		keyStart := before + bytes.IndexByte(data[before:keyEnd], '"')
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fields
		}
		end := int(dec.InputOffset())
		fields = append(fields, Field{
			Name:  strings.ToLower(name),
			Key:   Span{keyStart, keyEnd},
			Value: Span{end - len(raw), end},
		})
	}
	return fields
}
