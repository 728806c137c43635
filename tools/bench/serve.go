package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// A save is something that an author does while the site is served.
type save struct {
	name string
	edit func(c *corpus, dir string, round int) (mark string, err error)
	// styles has the mark in a style sheet of the page, and not in the page.
	styles bool
}

// post is the one that is edited, and looked at.
func (c *corpus) post() int { return c.Posts / 2 }

var saves = []save{
	{"body", func(c *corpus, dir string, round int) (string, error) {
		mark := fmt.Sprintf("bodymark%d.", round)
		return mark, c.writePost(dir, c.post(), mark+"\n\n")
	}, false},
	{"metadata", func(c *corpus, dir string, round int) (string, error) {
		mark := fmt.Sprintf("titlemark%d.", round)
		name := c.name(dir, c.post())
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		data = regexp.MustCompile(`(?m)^title: .*$`).ReplaceAll(data, []byte("title: "+strconv.Quote(mark)))
		return mark, os.WriteFile(name, data, 0o666)
	}, false},
	{"style sheet", func(c *corpus, dir string, round int) (string, error) {
		mark := fmt.Sprintf("--stylemark-%d:", round)
		name := filepath.Join(dir, "assets", "css", "base.css") // of the plain templates
		if c.Theme == "duskpress" {
			name = filepath.Join(dir, "theme", name[len(dir):])
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		data, _, _ = bytes.Cut(data, []byte("\n:root{--stylemark"))
		return mark, os.WriteFile(name, append(data, "\n:root{"+mark+"1}\n"...), 0o666)
	}, true},
}

// A server is one program that serves its copy of the corpus.
type server struct {
	name, dir, base string
	cmd             *exec.Cmd
	page            string
	told            chan int // builds that a page was told of; nil where nothing tells
}

// measureServe saves files while both programs serve, one after the other, and
// times how long it takes until a page that is open in a browser has the change.
func (o *options) measureServe(ctx context.Context, environment []string) error {
	type column struct{ seen, whole []time.Duration }
	results := make(map[string]map[string]*column)
	for _, name := range []string{"hugo", "duskpress"} {
		s, err := o.serve(ctx, name, environment)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		results[name] = make(map[string]*column)
		for round := range o.runs + 1 { // the first warms up
			for _, save := range saves {
				seen, whole, err := o.saved(ctx, s, save, round)
				if err != nil {
					s.end()
					return fmt.Errorf("%s, %s: %w", name, save.name, err)
				}
				fmt.Fprintf(os.Stderr, "%d/%d %-12s %-10s %6d ms, whole site %6d ms\n", round, o.runs, save.name, name, seen.Milliseconds(), whole.Milliseconds())
				if round == 0 {
					continue
				}
				if results[name][save.name] == nil {
					results[name][save.name] = new(column)
				}
				c := results[name][save.name]
				c.seen, c.whole = append(c.seen, seen), append(c.whole, whole)
			}
		}
		s.end()
	}
	fmt.Printf("%d posts of %d bytes, medians of %d, milliseconds from the write to the page\n\n", o.corpus.Posts, o.corpus.Bytes, o.runs)
	fmt.Printf("| saved | duskpress | hugo server | ratio | whole site checked |\n|---|---|---|---|---|\n")
	for _, save := range saves {
		ours, theirs := results["duskpress"][save.name], results["hugo"][save.name]
		a, b := middle(ours.seen), middle(theirs.seen)
		fmt.Printf("| %s | %d | %d | **%.2f** | %d |\n", save.name, a.Milliseconds(), b.Milliseconds(), float64(a)/float64(b), middle(ours.whole).Milliseconds())
	}
	return nil
}

func middle(list []time.Duration) time.Duration {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// serve starts a program and waits until it serves the page; ours also has the
// page open, as a browser has.
func (o *options) serve(ctx context.Context, name string, environment []string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	s := &server{name: name, dir: filepath.Join(o.dir, name+"-site"), base: "http://127.0.0.1:" + port}
	args := []string{o.duskpress, "serve", "--quiet", "--port", port}
	if name == "hugo" {
		args = []string{o.hugo, "server", "--disableFastRender", "--quiet", "--bind", "127.0.0.1", "--port", port}
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	s.cmd.Dir, s.cmd.Env = s.dir, append(slices.Clone(environment), "HUGO_CACHEDIR="+filepath.Join(s.dir, ".cache"))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	path := "/posts/" + strings.TrimSuffix(filepath.Base(o.corpus.name(s.dir, o.corpus.post())), ".md") + "/"
	s.page = s.base + path
	if _, err := s.until(ctx, func(page []byte) bool { return bytes.Contains(page, []byte("</html>")) || len(page) > 5000 }); err != nil {
		s.end()
		return nil, err
	}
	if name == "duskpress" {
		s.told = make(chan int, 100)
		if err := s.listen(ctx, path); err != nil {
			s.end()
			return nil, err
		}
	}
	time.Sleep(o.pause)
	return s, nil
}

func (s *server) end() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = s.cmd.Wait()
}

// listen has the page open: builds come as events.
func (s *server) listen(ctx context.Context, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/.duskpress-live/events?path="+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error {
		defer answer.Body.Close()
		for lines := bufio.NewReader(answer.Body); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				close(s.told)
				return nil
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var state struct{ Build int }
				if json.Unmarshal([]byte(data), &state) == nil {
					s.told <- state.Build
				}
			}
		}
	})
	<-s.told
	return nil
}

// until asks for the page until it is as wanted.
func (s *server) until(ctx context.Context, wanted func([]byte) bool) (time.Time, error) {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(2 * time.Millisecond) {
		if page, err := get(ctx, s.page); err == nil && wanted(page) {
			return time.Now(), nil
		}
		if time.Now().After(end) || ctx.Err() != nil {
			return time.Time{}, fmt.Errorf("%s is never as it should be", s.page)
		}
	}
}

func get(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	return io.ReadAll(answer.Body)
}

var styleSheet = regexp.MustCompile(`<link[^>]*rel=["']?stylesheet["']?[^>]*>`)

var address = regexp.MustCompile(`href=["']?([^"' >]+)`)

// saved saves one file. It returns when the page has the change, and when the
// whole site was told to be there.
func (o *options) saved(ctx context.Context, s *server, save save, round int) (seen, whole time.Duration, err error) {
	for len(s.told) > 0 {
		<-s.told
	}
	start := time.Now()
	mark, err := save.edit(&o.corpus, s.dir, round)
	if err != nil {
		return 0, 0, err
	}
	at, err := s.until(ctx, func(page []byte) bool {
		if !save.styles {
			return bytes.Contains(page, []byte(mark))
		}
		for _, link := range styleSheet.FindAll(page, -1) {
			if m := address.FindSubmatch(link); m != nil {
				url := string(m[1])
				if strings.HasPrefix(url, "/") {
					url = s.base + url
				}
				if css, err := get(ctx, url); err == nil && bytes.Contains(css, []byte(mark)) {
					return true
				}
			}
		}
		return false
	})
	if err != nil {
		return 0, 0, err
	}
	seen = at.Sub(start)
	if s.told != nil {
		// A browser is told of the preview, and of the build that follows.
		for range 2 {
			select {
			case <-s.told:
			case <-time.After(2 * time.Minute):
				return 0, 0, errors.New("no word of a build")
			}
		}
		whole = time.Since(start)
	}
	time.Sleep(o.pause)
	return seen, whole, nil
}
