package fakenetlify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// notDescribed are fields that the API sends, or takes, and its description
// does not have. They are used with care: each has a substitute.
var notDescribed = map[string][]string{
	"deploy": {"links"},
}

// shape is what an operation takes and gives, written down here so that every
// exchange is compared with something even where no description is at hand.
type shape struct {
	status int
	query  []string
	body   []string
	answer string // a type; with [] before it a list
}

var shapes = map[string]shape{
	"sites":    {200, []string{"name", "filter"}, nil, "[]site"},
	"site":     {200, nil, nil, "site"},
	"files":    {200, nil, nil, "[]file"},
	"list":     {200, []string{"page", "per_page"}, nil, "[]deploy"},
	"create":   {200, []string{"title"}, []string{"draft", "async", "branch", "files"}, "deploy"},
	"poll":     {200, nil, nil, "deploy"},
	"manifest": {200, nil, []string{"draft", "async", "branch", "files"}, "deploy"},
	"restore":  {201, nil, nil, "deploy"},
	"lock":     {200, nil, nil, "deploy"},
	"unlock":   {200, nil, nil, "deploy"},
	"upload":   {200, nil, nil, "file"},
}

var types = map[string]map[string]string{
	"site": {"id": "string", "name": "string", "state": "string", "url": "string", "ssl_url": "string", "published_deploy": "object",
		"processing_settings": "object", "build_settings": "object", "prevent_non_git_prod_deploys": "boolean"},
	"deploy": {"id": "string", "site_id": "string", "name": "string", "state": "string", "title": "string", "draft": "boolean", "created_at": "string",
		"published_at": "string", "url": "string", "ssl_url": "string", "deploy_ssl_url": "string", "locked": "boolean", "branch": "string",
		"error_message": "string", "required": "array", "links": "object"},
	"file": {"id": "string", "path": "string", "sha": "string", "size": "integer", "mime_type": "string"},
}

// validator compares exchanges with the shapes above, and with the description
// of the API if DUSKPRESS_NETLIFY_SWAGGER names a copy of it.
func validator(t testing.TB) func(Exchange) error {
	file := os.Getenv("DUSKPRESS_NETLIFY_SWAGGER")
	if file == "" {
		return byShape
	}
	doc := readDescription(t, file)
	return func(x Exchange) error { return errors.Join(byShape(x), doc.check(x)) }
}

func byShape(x Exchange) error {
	s, ok := shapes[x.Op]
	if !ok {
		return fmt.Errorf("no shape for %s", x.Op)
	}
	var errs []error
	query, err := url.ParseQuery(x.Query)
	errs = append(errs, err)
	for name := range query {
		if !slices.Contains(s.query, name) {
			errs = append(errs, fmt.Errorf("query has %s", name))
		}
	}
	if s.body != nil {
		var m map[string]any
		if err := json.Unmarshal(x.Request, &m); err != nil {
			return fmt.Errorf("body: %w", err)
		}
		for name := range m {
			if !slices.Contains(s.body, name) {
				errs = append(errs, fmt.Errorf("body has %s", name))
			}
		}
	} else if x.Op != "upload" && len(x.Request) > 0 {
		errs = append(errs, errors.New("a body where none belongs"))
	}
	if x.Status/100 != 2 {
		return errors.Join(errs...)
	}
	if x.Status != s.status {
		errs = append(errs, fmt.Errorf("status %d, not %d", x.Status, s.status))
	}
	var v any
	if err := json.Unmarshal(x.Answer, &v); err != nil {
		return errors.Join(append(errs, err)...)
	}
	list := []any{v}
	name, many := strings.CutPrefix(s.answer, "[]")
	if many {
		list, _ = v.([]any)
	}
	for _, item := range list {
		m, _ := item.(map[string]any)
		for field, value := range m {
			if want := types[name][field]; want == "" || want != kind(value) {
				errs = append(errs, fmt.Errorf("%s.%s is %s, not %q", name, field, kind(value), want))
			}
		}
	}
	return errors.Join(errs...)
}

func kind(v any) string {
	switch x := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		if x == float64(int64(x)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "null"
}

// A description is an OpenAPI 2 document.
type description struct{ root map[string]any }

func readDescription(t testing.TB, file string) *description {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := new(description)
	if err := yaml.Unmarshal(data, &d.root); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

func get(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// deref follows a $ref.
func (d *description) deref(v any) any {
	if ref, ok := get(v, "$ref").(string); ok {
		return d.deref(get(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...))
	}
	return v
}

var parameter = regexp.MustCompile(`\{\w+\}`)

func (d *description) check(x Exchange) error {
	op, _ := lookUp(x.Method, x.Path)
	paths, _ := d.root["paths"].(map[string]any)
	var item any
	for p, v := range paths {
		if parameter.ReplaceAllString(p, "{}") == parameter.ReplaceAllString(op.path, "{}") {
			item = v
		}
	}
	call := get(item, strings.ToLower(x.Method))
	if call == nil {
		return fmt.Errorf("the description has no %s %s", x.Method, op.path)
	}
	var errs []error
	known := make(map[string]bool)
	var bodySchema any
	for _, from := range []any{item, call} {
		list, _ := get(from, "parameters").([]any)
		for _, p := range list {
			p = d.deref(p)
			name, _ := get(p, "name").(string)
			switch get(p, "in") {
			case "query":
				known[name] = true
			case "body":
				bodySchema = get(p, "schema")
			}
		}
	}
	query, _ := url.ParseQuery(x.Query)
	for name := range query {
		if !known[name] {
			errs = append(errs, fmt.Errorf("the description has no query parameter %s", name))
		}
	}
	if bodySchema != nil && op.name != "upload" {
		var v any
		if err := json.Unmarshal(x.Request, &v); err != nil {
			errs = append(errs, err)
		} else {
			errs = append(errs, d.match(v, bodySchema, "body"))
		}
	}
	responses := get(call, "responses")
	schema := get(responses, strconv.Itoa(x.Status), "schema")
	if get(responses, strconv.Itoa(x.Status)) == nil {
		if x.Status/100 == 2 {
			return errors.Join(append(errs, fmt.Errorf("the description has no status %d", x.Status))...)
		}
		schema = get(d.deref(get(responses, "default")), "schema")
	}
	if x.Status == http.StatusNotFound && len(x.Answer) > 0 && x.Answer[0] != '{' {
		return errors.Join(errs...) // an address that is not routed answers text
	}
	var v any
	if err := json.Unmarshal(x.Answer, &v); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, d.match(v, schema, "answer"))...)
}

// match compares a value with a schema: the types, and that every field is
// described or known not to be.
func (d *description) match(v, schema any, at string) error {
	name := ""
	if ref, ok := get(schema, "$ref").(string); ok {
		name = ref[strings.LastIndex(ref, "/")+1:]
	}
	schema = d.deref(schema)
	if schema == nil || v == nil {
		return nil
	}
	want, _ := get(schema, "type").(string)
	have := kind(v)
	if want != "" && want != have && !(want == "number" && have == "integer") {
		return fmt.Errorf("%s is %s, described as %s", at, have, want)
	}
	var errs []error
	switch x := v.(type) {
	case []any:
		for i, item := range x {
			errs = append(errs, d.match(item, get(schema, "items"), fmt.Sprintf("%s[%d]", at, i)))
		}
	case map[string]any:
		props, _ := get(schema, "properties").(map[string]any)
		if props == nil {
			return nil // an object of any fields
		}
		for field, value := range x {
			p, ok := props[field]
			if !ok {
				if !slices.Contains(notDescribed[name], field) {
					errs = append(errs, fmt.Errorf("%s.%s is not described", at, field))
				}
				continue
			}
			errs = append(errs, d.match(value, p, at+"."+field))
		}
		required, _ := get(schema, "required").([]any)
		for _, r := range required {
			if _, ok := x[fmt.Sprint(r)]; !ok {
				errs = append(errs, fmt.Errorf("%s has no %v", at, r))
			}
		}
	}
	return errors.Join(errs...)
}
