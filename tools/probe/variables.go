package probe

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

var reference = regexp.MustCompile(`\{\{\s*(.*?)\s*\}\}`)

// stripVariables leaves a text without references, which may have spaces.
func stripVariables(s string) string { return reference.ReplaceAllString(s, "x") }

// vars resolves the references of one file.
type vars struct {
	file     *File
	override map[string]string
	getenv   func(string) (string, bool)
	// secrets are the values that came from the environment, by their names.
	secrets map[string]string
}

func newVars(f *File, override map[string]string) *vars {
	return &vars{file: f, override: override, getenv: os.LookupEnv, secrets: make(map[string]string)}
}

// expand replaces the references of a text. line is for faults.
func (v *vars) expand(s string, line int) (string, error) { return v.resolve(s, line, 0) }

func (v *vars) resolve(s string, line, depth int) (string, error) {
	if depth > 20 {
		return "", v.fault(line, "the variables go in a circle", "")
	}
	var first error
	out := reference.ReplaceAllStringFunc(s, func(m string) string {
		name := reference.FindStringSubmatch(m)[1]
		text, err := v.value(name, line, depth)
		if err != nil && first == nil {
			first = err
		}
		return text
	})
	return out, first
}

func (v *vars) value(name string, line, depth int) (string, error) {
	if env, ok := strings.CutPrefix(name, "$processEnv "); ok {
		env = strings.TrimSpace(env)
		text, ok := v.getenv(env)
		if !ok {
			return "", v.fault(line, fmt.Sprintf("the environment has no %s", env), "set it, and run this again")
		}
		v.secrets[env] = text
		return text, nil
	}
	if strings.HasPrefix(name, "$") {
		return "", v.fault(line, fmt.Sprintf("{{%s}} is not known here", name), "the one of its kind is {{$processEnv NAME}}")
	}
	if text, ok := v.override[name]; ok {
		return text, nil
	}
	if x, ok := v.file.vars[name]; ok {
		return v.resolve(x.text, x.line, depth+1)
	}
	hint := fmt.Sprintf("write @%s = … at the top of the file", name)
	if len(v.file.order) > 0 {
		hint += "; it has " + strings.Join(v.file.order, ", ")
	}
	return "", v.fault(line, fmt.Sprintf("no variable has the name %s", name), hint)
}

func (v *vars) fault(line int, message, hint string) error {
	return &Fault{File: v.file.Name, Line: line, Col: 1, Message: message, Hint: hint}
}

// redact takes values of the environment out of a text, also in the forms that
// addresses, JSON, HTML and Basic authorization give them. Very short ones stay:
// they are no secrets, and stand everywhere.
func (v *vars) redact(s string) string {
	type secret struct{ text, name string }
	var list []secret
	for _, name := range slices.Sorted(maps.Keys(v.secrets)) {
		text := v.secrets[name]
		if len(text) < 4 {
			continue
		}
		quoted, _ := json.Marshal(text)
		path := url.URL{Path: text}
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), path.EscapedPath(), strings.Trim(string(quoted), `"`),
			html.EscapeString(text), base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text))} {
			list = append(list, secret{form, name})
		}
	}
	// The longest first: what has another in it goes as a whole.
	slices.SortStableFunc(list, func(a, b secret) int { return cmp.Compare(len(b.text), len(a.text)) })
	for _, x := range list {
		s = strings.ReplaceAll(s, x.text, "[env "+x.name+"]")
	}
	return s
}
