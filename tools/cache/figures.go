package cache

// A Figure is how often values of a kind were wanted.
type Figure struct {
	Kind         Kind
	Hits, Misses int64
}

// Figures lists the kinds that were wanted.
func (s *Store) Figures() []Figure {
	if s == nil {
		return nil
	}
	var list []Figure
	for k := range s.hits {
		if f := (Figure{Kind(k), s.hits[k].Load(), s.misses[k].Load()}); f.Hits+f.Misses > 0 {
			list = append(list, f)
		}
	}
	return list
}

// Bytes is how much the store has.
func (s *Store) Bytes() int64 {
	if s == nil {
		return 0
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.offset
	for _, p := range s.packs {
		n += p.size
	}
	return n
}
