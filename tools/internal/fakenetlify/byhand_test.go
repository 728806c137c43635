package fakenetlify

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	serve = flag.Bool("serve", false, "in TestByHand, wait for Ctrl-C, so that commands can be tried against the fake")
	plant = flag.String("faults", "", "in TestByHand, faults: OPERATION:KIND[:STATUS[:TIMES]], with ; between them")
)

// parseFaults reads faults as they are given on the command line.
func parseFaults(s string) (list []Fault, err error) {
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		fields := strings.Split(part, ":")
		if len(fields) < 2 || len(fields) > 4 {
			return nil, fmt.Errorf("%q is no fault: write OPERATION:KIND[:STATUS[:TIMES]]", part)
		}
		f := Fault{Op: fields[0], Kind: Kind(fields[1]), Delay: 10 * time.Second, N: 2}
		for i, to := range []*int{&f.Status, &f.Times} {
			if len(fields) > i+2 {
				if *to, err = strconv.Atoi(fields[i+2]); err != nil {
					return nil, fmt.Errorf("%q: %w", part, err)
				}
			}
		}
		known := f.Op == "page" || f.Op == "permalink"
		for _, o := range operations {
			known = known || o.name == f.Op
		}
		if !known {
			return nil, fmt.Errorf("%q: there is no operation %s", part, f.Op)
		}
		list = append(list, f)
	}
	return list, nil
}

// TestByHand begins a fake with a site of one page, and looks at it. With -serve
// it goes on until Ctrl-C:
//
//	go test -v -count=1 -timeout 0 -run TestByHand ./tools/internal/fakenetlify -serve -faults 'restore:drop after acting'
//
// It prints the variables with which the tool is to be run.
func TestByHand(t *testing.T) {
	f := New(t)
	f.Publish(map[string]string{"index.html": "<!doctype html><title>before</title>", "404.html": "none"})
	if resp, err := http.Get(f.LiveURL()); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %+v", err, resp)
	}
	for spec, want := range map[string]int{"": 0, "restore:drop after acting": 1, "create:status:502:3; page:old content:0:-1": 2, "restore": -1, "nothing:status:1": -1, "create:status:x": -1} {
		if list, err := parseFaults(spec); (err != nil) != (want < 0) || err == nil && len(list) != want {
			t.Errorf("%q: %v %v", spec, list, err)
		}
	}
	if !*serve {
		return
	}
	list, err := parseFaults(*plant)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		f.Add(x)
	}
	for _, kv := range f.Env(1) {
		if !strings.HasSuffix(kv, "=") {
			fmt.Println("export", kv)
		}
	}
	fmt.Printf("# the live site: %s\n", f.LiveURL())
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt)
	<-end
	for _, x := range f.Exchanges() {
		fmt.Println(x.Status, x.Method, x.Path, x.Query)
	}
}
