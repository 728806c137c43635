package note

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/pelletier/go-toml/v2"

	"duskpress/tools/frontmatter"
)

// A Form is how a note says what it is.
type Form string

// Forms of notes. JSON is read where an archetype has it, and written as such.
const (
	Headings Form = "headings"
	YAML     Form = "yaml"
	TOML     Form = "toml"
	JSON     Form = "json"
)

// A Note is what its file shall say.
type Note struct {
	Title       string
	Description string
	Date        time.Time // its day counts; the zero time is none
	Tags        []string
	// Draft, if not nil, is said in place of what the archetype says.
	Draft *bool
}

// body is the text to start from. It has headings alone: a sentence would be
// published by whoever forgets to replace it.
const body = "\n## What happened\n\n## What I learned\n"

// Default is the archetype of sites that have none.
func Default(post bool) []byte {
	if post {
		return []byte("+++\ntitle = ''\ndate = 2000-01-01\ndescription = ''\ntags = []\n+++\n" + body)
	}
	return []byte("+++\ntitle = ''\ndescription = ''\n+++\n")
}

// Fill writes what a note says over what its archetype says, in a form, or in
// the archetype's own if that is empty. What cannot be said in the form is
// named.
func Fill(archetype []byte, n Note, form Form) (data []byte, lost []string, err error) {
	have, front, text := split(archetype)
	if have == "" {
		front, text = nil, archetype
		have = TOML
	}
	if form == "" {
		form = have
	}
	if form == have {
		front, err = n.fields(have, front)
		if err != nil {
			return nil, nil, err
		}
		return join(have, front, text), nil, nil
	}
	m, err := decode(have, front)
	if err != nil {
		return nil, nil, fmt.Errorf("the archetype's front matter: %w", err)
	}
	if form == Headings {
		data, lost = n.headings(m, text)
		return data, lost, nil
	}
	front, err = encode(form, m)
	if err != nil {
		return nil, nil, err
	}
	if front, err = n.fields(form, front); err != nil {
		return nil, nil, err
	}
	return join(form, front, text), nil, nil
}

// Draft reports whether a filled note says that it is a draft.
func Draft(data []byte) bool {
	form, front, _ := split(data)
	m, err := decode(form, front)
	return err == nil && m["draft"] == true
}

// split cuts front matter off; have is empty where there is none.
func split(data []byte) (have Form, front, text []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for form, fence := range map[Form]string{TOML: "+++", YAML: "---"} {
		rest, ok := bytes.CutPrefix(data, []byte(fence+"\n"))
		if !ok {
			continue
		}
		if after, ok := bytes.CutPrefix(rest, []byte(fence+"\n")); ok {
			return form, nil, after
		}
		if front, text, ok := bytes.Cut(rest, []byte("\n"+fence+"\n")); ok {
			return form, append(slices.Clone(front), '\n'), text
		}
		if front, ok := bytes.CutSuffix(rest, []byte("\n"+fence)); ok {
			return form, append(slices.Clone(front), '\n'), nil
		}
	}
	if bytes.HasPrefix(data, []byte("{")) {
		dec := json.NewDecoder(bytes.NewReader(data))
		var raw json.RawMessage
		if dec.Decode(&raw) == nil {
			return JSON, raw, bytes.TrimPrefix(data[dec.InputOffset():], []byte("\n"))
		}
	}
	return "", nil, data
}

func join(form Form, front, text []byte) []byte {
	fence := map[Form]string{TOML: "+++\n", YAML: "---\n", JSON: ""}[form]
	var b bytes.Buffer
	b.WriteString(fence)
	b.Write(front)
	if b.Len() > 0 && !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		b.WriteByte('\n')
	}
	b.WriteString(fence)
	b.Write(text)
	return b.Bytes()
}

// fields replaces values where front matter has their keys, and adds the rest
// behind the last of its fields, before any table.
func (n Note) fields(form Form, front []byte) ([]byte, error) {
	if form == JSON {
		return n.jsonFields(front)
	}
	type field struct {
		key, value string
		always     bool // also where the archetype does not name it
	}
	list := []field{{"title", quote(n.Title), true}}
	if !n.Date.IsZero() {
		list = append(list, field{"date", n.Date.Format(time.DateOnly), true})
	}
	if n.Draft != nil {
		list = append(list, field{"draft", fmt.Sprint(*n.Draft), *n.Draft})
	}
	if n.Description != "" {
		list = append(list, field{"description", quote(n.Description), true})
	}
	if n.Tags != nil {
		list = append(list, field{"tags", quoteList(n.Tags), true})
	}
	for _, f := range list {
		at := -1
		have := frontmatter.Fields(string(form), front)
		for i, h := range have {
			if h.Name == f.key {
				at = i
			}
		}
		switch {
		case at >= 0:
			v := have[at].Value
			front = slices.Concat(front[:v.Start], []byte(" "+f.value), front[v.End:])
		case f.always:
			end := 0
			if len(have) > 0 {
				end = have[len(have)-1].Value.End
				if i := bytes.IndexByte(front[end:], '\n'); i >= 0 {
					end += i + 1
				} else {
					front = append(front, '\n')
					end = len(front)
				}
			}
			line := f.key + " = " + f.value + "\n"
			if form == YAML {
				line = f.key + ": " + f.value + "\n"
			}
			front = slices.Concat(front[:end], []byte(line), front[end:])
		}
	}
	if _, err := decode(form, front); err != nil {
		return nil, fmt.Errorf("the archetype's front matter: %w", err)
	}
	return front, nil
}

func (n Note) jsonFields(front []byte) ([]byte, error) {
	m, err := decode(JSON, front)
	if err != nil {
		return nil, fmt.Errorf("the archetype's front matter: %w", err)
	}
	m["title"] = n.Title
	if !n.Date.IsZero() {
		m["date"] = n.Date.Format(time.DateOnly)
	}
	if n.Draft != nil {
		m["draft"] = *n.Draft
	}
	if n.Description != "" {
		m["description"] = n.Description
	}
	if n.Tags != nil {
		m["tags"] = n.Tags
	}
	return encode(JSON, m)
}

// headings is the form without front matter. A description is the first
// paragraph there.
func (n Note) headings(m map[string]any, text []byte) (data []byte, lost []string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", markdown(n.Title))
	if !n.Date.IsZero() {
		fmt.Fprintf(&b, "#### %s\n", n.Date.Format(time.DateOnly))
	}
	for _, tag := range n.Tags {
		if strings.Contains(tag, ",") {
			lost = append(lost, "tag "+tag) // it would be read as two
		}
	}
	if len(n.Tags) > 0 {
		tags := strings.Join(n.Tags, ", ")
		if len(n.Tags) == 1 && strings.ContainsAny(tags, " \t") {
			tags += "," // without a comma spaces would part it
		}
		fmt.Fprintf(&b, "###### %s\n", tags)
	}
	if n.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", n.Description)
	}
	b.WriteString("\n")
	b.Write(bytes.TrimLeft(text, "\n"))
	for key, value := range m {
		switch key {
		case "title", "date", "tags", "description", "draft":
		default:
			if s := fmt.Sprint(value); s != "" && s != "[]" && s != "map[]" && s != "<nil>" {
				lost = append(lost, key)
			}
		}
	}
	slices.Sort(lost)
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n'), lost
}

// markdown escapes what Markdown would take for its own in a title.
func markdown(title string) string {
	var b strings.Builder
	for _, r := range title {
		if strings.ContainsRune("\\`*_[]<>#&~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// quote writes a text as TOML, YAML and JSON all read it.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text can always be encoded
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
}

func quoteList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func decode(form Form, front []byte) (map[string]any, error) {
	m := make(map[string]any)
	var err error
	switch form {
	case TOML:
		err = toml.Unmarshal(front, &m)
	case YAML:
		err = yaml.Unmarshal(front, &m)
	case JSON:
		err = json.Unmarshal(front, &m)
	}
	return m, err
}

// first are the keys that front matter begins with.
var first = []string{"title", "date", "draft", "description", "tags"}

// encode writes front matter of one form in another: the usual keys first, the
// rest by name, tables last, since a TOML key behind a table would be the
// table's.
func encode(form Form, m map[string]any) ([]byte, error) {
	if form == JSON {
		return json.MarshalIndent(m, "", "  ")
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	rank := func(key string) int {
		if i := slices.Index(first, key); i >= 0 {
			return i
		}
		if _, table := m[key].(map[string]any); table {
			return len(first) + 1
		}
		return len(first)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var b bytes.Buffer
	for _, key := range keys {
		var part []byte
		var err error
		if form == TOML {
			part, err = toml.Marshal(map[string]any{key: m[key]})
		} else {
			part, err = yaml.Marshal(map[string]any{key: m[key]})
		}
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		b.Write(part)
	}
	return b.Bytes(), nil
}

// ErrExists says that something is where a note was to be written.
var ErrExists = errors.New("is there already")

// Taken finds what stands in the way of a page: a file of its name with any
// extension or language, as a draft, in other letters, or as a bundle. It is
// empty if nothing does.
func Taken(dir, slug string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		name, _, _ := strings.Cut(strings.TrimPrefix(e.Name(), "_"), ".")
		if strings.EqualFold(name, slug) {
			return filepath.Join(dir, e.Name())
		}
	}
	return ""
}

// Free is the first of slug-2, slug-3 and so on that nothing stands in the way
// of.
func Free(dir, slug string) string {
	for i := 2; ; i++ {
		if s := fmt.Sprintf("%s-%d", slug, i); Taken(dir, s) == "" {
			return s
		}
	}
}

// Write makes a file that was not there, and the directories above it.
func Write(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s %w", name, ErrExists)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(name) // half a note is none
	}
	return err
}
