package external

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// robots are the rules of a host for a machine that looks at it (RFC 9309).
type robots struct {
	rules []robotsRule
	delay time.Duration
}

type robotsRule struct {
	pattern string
	allow   bool
}

const (
	maxRobots = 500 << 10
	maxDelay  = 10 * time.Second
)

// robots reads a host's robots.txt. Where the host does not answer at all, it
// says so: nothing else need be asked there. One without the file allows all.
func (c *Checker) robots(ctx context.Context, origin string) (robots, *Result) {
	at := origin + "/robots.txt"
	for range 5 {
		ctx, cancel := context.WithTimeout(ctx, c.Timeout)
		status, location, data, err := c.fetch(ctx, at)
		cancel()
		switch {
		case err != nil && retryable(err):
			return robots{}, nil // the addresses are asked, and will tell
		case err != nil:
			r := &Result{Outcome: Failed}
			r.Why, r.Unreachable = explain(err, c.Timeout)
			return robots{}, r
		case status/100 == 3 && location != "":
			u, err := url.Parse(at)
			if err != nil {
				return robots{}, nil
			}
			if u, err = u.Parse(location); err != nil || u.Scheme != "http" && u.Scheme != "https" {
				return robots{}, nil
			}
			at = u.String()
			continue
		case status/100 == 2:
			return parseRobots(data, "duskpress"), nil
		}
		return robots{}, nil
	}
	return robots{}, nil
}

func (c *Checker) fetch(ctx context.Context, address string) (status int, location string, data []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", nil, err
	}
	req.Header.Set("User-Agent", c.Agent)
	res, err := c.client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer res.Body.Close()
	data, err = io.ReadAll(io.LimitReader(res.Body, maxRobots))
	return res.StatusCode, res.Header.Get("Location"), data, err
}

// parseRobots takes the group for an agent, or else that for all.
func parseRobots(data []byte, agent string) robots {
	var own, all robots
	var hasOwn bool
	var forOwn, forAll, inRules bool
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	lines.Buffer(nil, maxRobots)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "user-agent":
			if inRules {
				forOwn, forAll, inRules = false, false, false
			}
			// A version may follow the name: Duskpress/1.0.
			if name, _, _ := strings.Cut(value, "/"); value == "*" {
				forAll = true
			} else if strings.EqualFold(strings.TrimSpace(name), agent) {
				forOwn, hasOwn = true, true
			}
		case "allow", "disallow":
			inRules = true
			if value == "" {
				continue
			}
			rule := robotsRule{value, strings.EqualFold(strings.TrimSpace(key), "allow")}
			if forOwn {
				own.rules = append(own.rules, rule)
			}
			if forAll {
				all.rules = append(all.rules, rule)
			}
		case "crawl-delay":
			inRules = true
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil || seconds < 0 {
				continue
			}
			delay := min(time.Duration(min(seconds, 3600)*float64(time.Second)), maxDelay)
			if forOwn {
				own.delay = delay
			}
			if forAll {
				all.delay = delay
			}
		}
	}
	if hasOwn {
		return own
	}
	return all
}

// allows reports whether an address may be asked: of the rules that fit, the
// longest counts, and of two as long the one that allows.
func (r robots) allows(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	p := u.EscapedPath()
	if p == "" {
		p = "/"
	}
	if u.RawQuery != "" {
		p += "?" + u.RawQuery
	}
	best, allow := -1, true
	for _, rule := range r.rules {
		if n := len(rule.pattern); (n > best || n == best && rule.allow) && fits(rule.pattern, p) {
			best, allow = n, rule.allow
		}
	}
	return allow
}

// fits matches a pattern with * for anything and $ for the end, in linear time
// but for the number of stars.
func fits(pattern, p string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(p, parts[0]) {
		return false
	}
	rest := p[len(parts[0]):]
	if len(parts) == 1 {
		return !whole || rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	if whole {
		return strings.HasSuffix(rest, parts[last])
	}
	return strings.Contains(rest, parts[last])
}
