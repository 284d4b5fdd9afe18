package document

import (
	"strings"
)

// A Lookup returns what ${NAME} stands for; ok is false where nobody has defined it. An error says why it cannot be had.
type Lookup func(name string) (value string, ok bool, err error)

// A segment of a text is either as it is, or the name of what stands there instead.
type segment struct {
	literal    string
	name       string // "": a literal
	def        string
	hasDefault bool
}

// Expanded is [Value.Text] with every ${NAME} and ${NAME:default} in it replaced; $${ is ${ itself. What is wrong is noted,
// and ok is false.
func (v Value) Expanded(lookup Lookup) (text string, ok bool) {
	return v.expand(lookup, func(segments []segment, values []string) string {
		var b strings.Builder
		for i, s := range segments {
			b.WriteString(s.literal + values[i])
		}
		return b.String()
	})
}

// expand lets join put the values, which are "" for literals, where the segments are.
func (v Value) expand(lookup Lookup, join func(segments []segment, values []string) string) (text string, ok bool) {
	text, ok = v.Text()
	if !ok {
		return "", false
	}
	segments, wrong := parseTemplate(text)
	if wrong != "" {
		v.Mistake("%s", wrong)
		return "", false
	}
	values := make([]string, len(segments))
	for i, s := range segments {
		if s.name == "" {
			continue
		}
		value, defined, err := lookup(s.name)
		switch {
		case err != nil:
			v.Mistake("${%s}: %v", s.name, err)
			ok = false
		case !defined && !s.hasDefault:
			v.Mistake("${%s}: neither a credential nor an environment variable of this name is set", s.name)
			ok = false
		case !defined:
			values[i] = s.def
		default:
			values[i] = CutNewline(value)
		}
	}
	if !ok {
		return "", false
	}
	return join(segments, values), true
}

// CutNewline cuts the one line end that editors and echo leave at the end of a file.
func CutNewline(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// parseTemplate cuts a text at its ${…}; wrong says what cannot be one.
func parseTemplate(text string) (segments []segment, wrong string) {
	var literal strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			literal.WriteString(text)
			break
		}
		if escaped := strings.HasSuffix(before, "$"); escaped {
			literal.WriteString(before + "{")
			text = after
			continue
		}
		inside, rest, closed := strings.Cut(after, "}")
		name, def, hasDefault := strings.Cut(inside, ":")
		if !closed || !isName(name) {
			return nil, "${ must be followed by a name and }, as in ${DOOR_PASSWORD} or ${PORT:5000}; write $${ for ${ itself"
		}
		literal.WriteString(before)
		if literal.Len() > 0 {
			segments = append(segments, segment{literal: literal.String()})
			literal.Reset()
		}
		segments = append(segments, segment{name: name, def: def, hasDefault: hasDefault})
		text = rest
	}
	if literal.Len() > 0 {
		segments = append(segments, segment{literal: literal.String()})
	}
	return segments, ""
}

// isName reports whether something can be the name of a variable, or of a file in $CREDENTIALS_DIRECTORY.
func isName(name string) bool {
	return name != "" && name[0] != '.' && name[0] != '-' && !strings.ContainsFunc(name, func(r rune) bool {
		return !isUnreserved(r) || r == '~'
	})
}
