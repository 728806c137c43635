package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// serveLimit is how long a script waits for a site to be served: a build, on a
// busy machine.
const serveLimit = 5 * time.Minute

var serving = regexp.MustCompile(`(?:serving|at) (http://[^; ]+)`)

// cmdServing waits until the output of serve, in a file, names an address, and
// puts that into $SITE.
func cmdServing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serving file")
	}
	file := ts.MkAbs(args[0])
	for end := time.Now().Add(serveLimit); ; time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(file)
		if m := serving.FindSubmatch(data); err == nil && m != nil {
			ts.Setenv("SITE", string(m[1]))
			return
		}
		if strings.Contains(string(data), "exit=") || time.Now().After(end) {
			ts.Fatalf("nothing is served:\n%s", data)
		}
	}
}

// cmdFetch asks for an address of this machine, follows no redirection, and
// prints the status, the headers and the body. `! fetch` wants no answer.
func cmdFetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] fetch address")
	}
	u, err := url.Parse(args[0])
	ts.Check(err)
	if !net.ParseIP(u.Hostname()).IsLoopback() {
		ts.Fatalf("%s is not of this machine", u)
	}
	client := &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true, Proxy: nil},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r, err := client.Get(u.String())
	if neg {
		if err == nil {
			r.Body.Close()
			ts.Fatalf("%s answers %s", u, r.Status)
		}
		return
	}
	ts.Check(err)
	defer r.Body.Close()
	var lines []string
	for name, values := range r.Header {
		for _, v := range values {
			lines = append(lines, fmt.Sprintf("%s: %s\n", name, v))
		}
	}
	slices.Sort(lines)
	body, err := io.ReadAll(r.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n%s", r.StatusCode, strings.Join(lines, ""), body)
}

// cmdPort takes a port until the script ends and names it in $PORT.
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: port")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("PORT", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
}

// cmdWaitFor waits until a file that a command is writing has a line that
// matches.
func cmdWaitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor file regexp")
	}
	file, want := ts.MkAbs(args[0]), regexp.MustCompile("(?m)"+args[1])
	for end := time.Now().Add(serveLimit); ; time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(file)
		if err == nil && want.Match(data) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never matches %s:\n%s", args[0], args[1], data)
		}
	}
}
