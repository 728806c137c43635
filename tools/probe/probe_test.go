package probe

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	f, err := Parse("x.http", []byte(`# A comment
@base = https://example.org
@path={{base}}/v1

GET {{path}}/first HTTP/1.1

### Second
// @name second
# @no-redirect
# @expect status 2xx | 304
POST {{path}}/second
    ?a=1
    &b=2
Content-Type: application/json
# a comment among the headers
X-Two:

{
  "a": "{{base}}"
}

###

###  Third
https://example.org/third
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Requests) != 3 {
		t.Fatalf("%d requests", len(f.Requests))
	}
	a, b, c := f.Requests[0], f.Requests[1], f.Requests[2]
	if a.Method != "GET" || a.URL != "{{path}}/first" || a.Line != 5 || a.Label() != "line 5" {
		t.Errorf("%+v", a)
	}
	if b.Name != "second" || b.Title != "Second" || !b.Stay || b.Method != "POST" || b.URL != "{{path}}/second?a=1&b=2" || len(b.Header) != 2 || b.Body != "{\n  \"a\": \"{{base}}\"\n}" || len(b.Expect) != 1 {
		t.Errorf("%+v", b)
	}
	if c.Method != "GET" || c.Label() != "Third" {
		t.Errorf("%+v", c)
	}
	v := newVars(f, map[string]string{"base": "http://x"})
	if got, err := v.expand(b.URL, 1); err != nil || got != "http://x/v1/second?a=1&b=2" {
		t.Errorf("%q %v", got, err)
	}
}

// TestFaults plants what cannot be understood, and wants it named with its place.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                                      "1:1: the file has no request",
		"# @expekt status 200\nGET http://x":                    "1:4: unknown directive @expekt",
		"# @expect\nGET http://x":                               "1:4: an expectation of nothing",
		"# @expect status 99\nGET http://x":                     "1:18: \"99\" is no status",
		"# @expect status 200 OK\nGET http://x":                 "1:18: \"200 OK\" is no status",
		"# @expect body has x\nGET http://x":                    "1:16: \"has\" is no comparison",
		"# @expect body matches (\nGET http://x":                "1:24: error parsing regexp",
		"# @expect header x\nGET http://x":                      "1:11: a header needs a name",
		"# @expect header x exists y\nGET http://x":             "1:20: the comparison exists has too much",
		"# @expect header x is\nGET http://x":                   "1:20: the comparison is has too much or too little",
		"# @expect time 5s\nGET http://x":                       "1:11: a time is written",
		"# @expect time < soon\nGET http://x":                   "1:18: \"soon\" is no time",
		"# @expect sha256 12\nGET http://x":                     "1:18: a SHA-256 has 64",
		"# @expect weather fine\nGET http://x":                  "1:11: unknown expectation",
		"# @name a b\nGET http://x":                             "1:9: \"a b\" is no name",
		"@x\nGET http://x":                                      "1:1: this is no variable",
		"FETCH http://x":                                        "1:1: this is no request",
		"GET http://x/a b":                                      "1:5: an address has no spaces",
		"GET http://x\nNo header":                               "2:1: this is no header",
		"GET http://x\n\n> {% client.test() %}":                 "3:1: scripts and response files",
		"GET http://x\n\n< ./missing.json":                      "3:3: ",
		"# @name a\nGET http://x\n###\n# @name a\nGET http://y": "5:1: the name a is taken by the request in line 2",
		"# @expect status 200\n###\nGET http://x":               "1:1: expectations without a request",
	} {
		_, err := Parse("x.http", []byte(text))
		var faults Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), "x.http:"+want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	_, err := Parse("x.http", []byte("# @a\n# @b\nGET http://x"))
	if faults := (Faults{}); !errors.As(err, &faults) || len(faults) != 2 {
		t.Errorf("not all faults at once: %v", err)
	}
}

// site answers with what its path asks for.
func site(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/page", http.StatusMovedPermanently)
		case "/slow":
			time.Sleep(30 * time.Millisecond)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "short")
		case "/forms":
			data, _ := io.ReadAll(r.Body)
			quoted, _ := json.Marshal(string(data))
			fmt.Fprintf(w, "%s\n%s\n%s\n%s\n%s\n%s\n", url.QueryEscape(string(data)), url.PathEscape(string(data)), quoted, html.EscapeString(string(data)), base64.StdEncoding.EncodeToString(data), r.URL.RawQuery)
			fmt.Fprintf(w, "%s%s\n", strings.Repeat("x", 499), data)
		case "/echo":
			w.Header().Set("Set-Cookie", "session=very-secret")
			fmt.Fprintf(w, "%s %s", r.Header.Get("Authorization"), r.URL.RawQuery)
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Add("Link", "a")
			w.Header().Add("Link", "b")
			fmt.Fprint(w, "<h1>page</h1>\n")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestExpect(t *testing.T) {
	base := site(t)
	const sum = "1b7916b1d133dccc2a866d876e5cfad7c2d67a03db40000ce7b9107152e47082"
	for text, want := range map[string]bool{
		"status 200": true, "status 2xx": true, "status 404|200": true, "status 404": false, "status 3xx": false,
		"header content-type contains html": true, "header Content-Type is text/html; charset=utf-8": true, "header content-type is text/html": false,
		"header x exists": false, "header x missing": true, "header link is a, b": true, "header content-type not contains xml": true, "header content-type matches ^text/": true,
		"body contains <h1>": true, "body not contains <h1>": false, "body matches (?s)^<h1>.*</h1>\\n$": true, "body not matches h2": true, "body not is x": true,
		"time < 10s": true, "time < 1ns": false, "sha256 " + sum: true, "sha256 " + strings.Repeat("0", 64): false, "body contains {{word}}": true,
	} {
		f, err := Parse("x.http", []byte("@word = page\n# @expect "+text+"\nGET {{base}}/page\n"))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		results, err := Run(t.Context(), f, Options{Base: base})
		if err != nil || len(results) != 1 || results[0].OK() != want {
			t.Errorf("%s: %v, %+v", text, err, results)
		}
	}
}

func TestRun(t *testing.T) {
	base := site(t)
	run := func(text string, o Options) (*Result, string) {
		t.Helper()
		f, err := Parse("x.http", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		o.Base = base
		results, err := Run(t.Context(), f, o)
		if err != nil || len(results) == 0 {
			t.Fatal(err)
		}
		var b strings.Builder
		results[0].Show(&b)
		return results[0], b.String() + results[0].Line()
	}
	if r, _ := run("GET {{base}}/moved", Options{}); r.Exchange.Status != 200 || !strings.HasSuffix(r.Exchange.Final, "/page") {
		t.Errorf("%+v", r.Exchange)
	}
	if r, _ := run("# @no-redirect\nGET {{base}}/moved", Options{}); r.Exchange.Status != 301 {
		t.Errorf("%+v", r.Exchange)
	}
	if r, shown := run("GET {{base}}/cut", Options{}); r.OK() || !strings.Contains(shown, "ends too early") {
		t.Error(shown)
	}
	if r, shown := run("GET http://127.0.0.1:1/", Options{}); r.OK() || !strings.Contains(shown, "refused") {
		t.Error(shown)
	}
	if r, shown := run("GET {{base}}/slow", Options{Timeout: time.Millisecond}); r.OK() || !strings.Contains(shown, "no answer in time") {
		t.Error(shown)
	}
	t.Setenv("PROBE_TEST_SECRET", "hunter2hunter2")
	_, shown := run("# @expect status 500\nGET {{base}}/echo?key={{$processEnv PROBE_TEST_SECRET}}\nAuthorization: Bearer {{$processEnv PROBE_TEST_SECRET}}", Options{})
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, "very-secret") || !strings.Contains(shown, "[env PROBE_TEST_SECRET]") || !strings.Contains(shown, "[redacted]") {
		t.Error(shown)
	}
	// In whatever form it comes back, and where it is cut.
	const odd = `a "b" <c> d/e+f?g&h`
	t.Setenv("PROBE_TEST_ODD", odd)
	t.Setenv("PROBE_TEST_PART", `a "b" <c>`)
	_, shown = run("# @expect status 500\nPOST {{base}}/forms?q={{$processEnv PROBE_TEST_PART}}\n\n{{$processEnv PROBE_TEST_ODD}}", Options{})
	for _, piece := range []string{"<c>", "d/e", "d%2Fe", "d%2fe", "c\\u003e", "&lt;c", base64.StdEncoding.EncodeToString([]byte(odd))[:12], "xxxa"} {
		if strings.Contains(shown, piece) {
			t.Errorf("%q is shown:\n%s", piece, shown)
		}
	}
	for text, want := range map[string]string{
		"GET {{nothing}}/":                      "no variable has the name nothing",
		"GET {{$guid}}/":                        "is not known here",
		"@a={{b}}\n@b={{a}}\nGET {{a}}":         "in a circle",
		"GET /relative":                         "is no address",
		"GET {{$processEnv DUSKPRESS_NOT_SET}}": "the environment has no",
	} {
		f, err := Parse("x.http", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var fault *Fault
		if _, err := Run(t.Context(), f, Options{}); !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "GET http://x\n", "### a\n# @name b\n# @expect status 200\nPOST http://x\nA: b\n\nbody\n###\n", "@a = b\n// @expect header x is y\nGET {{a}}\n ?q=1\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "< ") {
			return // reads a file
		}
		file, err := Parse("x.http", []byte(s))
		n := strings.Count(s, "\n") + 1
		if err != nil {
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("%v", err)
			}
			for _, x := range faults {
				if x.Line < 1 || x.Line > n || x.Col < 1 || x.Message == "" {
					t.Fatalf("%+v in %d lines", x, n)
				}
			}
			return
		}
		if len(file.Requests) == 0 {
			t.Fatal("no requests, and no fault")
		}
		v := newVars(file, nil)
		for _, r := range file.Requests {
			if r.Method == "" || r.URL == "" || r.Line < 1 || r.Line > n {
				t.Fatalf("%+v", r)
			}
			_, _ = v.expand(r.URL, r.Line)
		}
	})
}
