// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The filter grammar, by recursive descent; what the values mean is filter_values.c's. The words
 * come from whoever has the command line, so that they are escaped before they are quoted back.
 */
#include "cli/filter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/filter_tree.h"

#define DEPTH_MAX 64	/* parentheses in each other; matching recurses as deeply */
#define TOKENS_MAX 4096 /* a thousand addresses joined by "or"; matching runs for every event */
#define QUOTED_SIZE 30	/* of a word in a message; leaves room for the list of known words */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_OP,
};

struct token {
	enum token_kind kind;
	enum filter_op op;
	size_t word;
	size_t column;
	size_t len;
};

struct parser {
	size_t count;
	char *const *words;
	size_t word; /* where the next token starts, or spaces before it */
	size_t column;
	struct token last; /* the one before */
	unsigned int tokens;
	unsigned int depth;
	struct filter *filter;
	struct filter_error *error;
};

struct keyword {
	const char *name;
	enum filter_field field;
	bool ordered; /* < and > mean something */
	int (*read)(const char *text, struct filter_node *node, struct filter_span *bad);
	const char *expected;
};

#define A_STATE "a TCP state or all, connected, synchronized, bucket, big"
#define A_PORT "a port (0 to 65535) or a known service"
#define AN_ADDRESS "an address such as 10.0.0.0/8, 1.2.3.4:80, [::1]:443 or :22"
#define A_NUMBER "a number (0 to 4294967295)"

static const struct keyword keywords[] = {
	{ "state", FILTER_STATE, false, filter_value_states, A_STATE },
	{ "exclude", FILTER_STATE, false, filter_value_states, A_STATE },
	{ "sport", FILTER_SPORT, true, filter_value_port, A_PORT },
	{ "dport", FILTER_DPORT, true, filter_value_port, A_PORT },
	{ "port", FILTER_PORT, true, filter_value_port, A_PORT },
	{ "src", FILTER_SRC, false, filter_value_address, AN_ADDRESS },
	{ "dst", FILTER_DST, false, filter_value_address, AN_ADDRESS },
	{ "host", FILTER_HOST, false, filter_value_address, AN_ADDRESS },
	{ "pid", FILTER_PID, true, filter_value_number, A_NUMBER },
	{ "uid", FILTER_UID, true, filter_value_number, A_NUMBER },
	{ "user", FILTER_UID, false, filter_value_user, "a known user or a number" },
	{ "comm", FILTER_COMM, false, filter_value_pattern, "a pattern" },
	{ "exe", FILTER_EXE, false, filter_value_pattern, "a pattern" },
	{ "cgroup", FILTER_CGROUP, false, filter_value_pattern, "a pattern" },
	{ "container", FILTER_CONTAINER, false, filter_value_pattern, "a pattern" },
	{ "pod", FILTER_POD, false, filter_value_pattern, "a pattern" },
	{ "unit", FILTER_UNIT, false, filter_value_pattern, "a pattern" },
	{ "netns", FILTER_NETNS, true, filter_value_number, A_NUMBER },
	{ "proto", FILTER_PROTO, false, filter_value_proto, "tcp, udp, tcpv6 or udpv6" },
	{ "family", FILTER_FAMILY, false, filter_value_family, "inet, inet6, 4 or 6" },
};

#define KNOWN_WORDS                                                                           \
	"state exclude sport dport port src dst host pid uid user comm exe cgroup container " \
	"pod unit netns proto family"

/* Words that join terms or compare, and the same as signs. The longer sign comes first. */
static const struct {
	const char *text;
	enum token_kind kind;
	enum filter_op op;
} joints[] = {
	{ "&&", TOKEN_AND, 0 },	       { "&", TOKEN_AND, 0 },	      { "||", TOKEN_OR, 0 },
	{ "|", TOKEN_OR, 0 },	       { "(", TOKEN_OPEN, 0 },	      { ")", TOKEN_CLOSE, 0 },
	{ "==", TOKEN_OP, FILTER_EQ }, { "=", TOKEN_OP, FILTER_EQ },  { "!=", TOKEN_OP, FILTER_NE },
	{ "!", TOKEN_NOT, 0 },	       { ">=", TOKEN_OP, FILTER_GE }, { ">", TOKEN_OP, FILTER_GT },
	{ "<=", TOKEN_OP, FILTER_LE }, { "<", TOKEN_OP, FILTER_LT },  { "and", TOKEN_AND, 0 },
	{ "or", TOKEN_OR, 0 },	       { "not", TOKEN_NOT, 0 },	      { "eq", TOKEN_OP, FILTER_EQ },
	{ "ne", TOKEN_OP, FILTER_NE }, { "gt", TOKEN_OP, FILTER_GT }, { "ge", TOKEN_OP, FILTER_GE },
	{ "lt", TOKEN_OP, FILTER_LT }, { "le", TOKEN_OP, FILTER_LE },
};

#define SPACES " \t\n\v\f\r"
#define SIGNS "&|()=!<>"

static const char *text_of(const struct parser *parser, const struct token *token)
{
	return parser->words[token->word] + token->column;
}

/* A word for a message: printable, and cut if it is long. */
static void quote(const char *text, size_t len, char out[QUOTED_SIZE])
{
	char whole[QUOTED_SIZE + 10]; /* one more than the longest escape fills */
	size_t written = text_escape(text, len, whole, sizeof(whole));

	if (written < QUOTED_SIZE) {
		memcpy(out, whole, written + 1);
		return;
	}
	written = text_escape(text, len, out, QUOTED_SIZE - 3);
	memcpy(out + written, "...", 4);
}

__attribute__((format(printf, 4, 5))) static int fail(struct parser *parser, size_t word,
						      size_t column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->error->message, sizeof(parser->error->message), format, arguments);
	va_end(arguments);
	parser->error->word = word;
	parser->error->column = column;
	return -EINVAL;
}

/* What is wrong with a token. */
static int fail_at(struct parser *parser, const struct token *token, const char *wrong)
{
	char quoted[QUOTED_SIZE];

	quote(text_of(parser, token), token->len, quoted);
	return fail(parser, token->word, token->column, "'%s' %s", quoted, wrong);
}

/* The next place that is no space; false at the end, where token is put behind the last word. */
static bool skip_spaces(const struct parser *parser, struct token *token)
{
	size_t column = parser->column;

	for (size_t word = parser->word; word < parser->count; word++) {
		column += strspn(parser->words[word] + column, SPACES);
		if (parser->words[word][column]) {
			*token = (struct token){ .word = word, .column = column };
			return true;
		}
		*token = (struct token){ .kind = TOKEN_END, .word = word, .column = column };
		column = 0;
	}
	return false;
}

/* Look at the next token without taking it. */
static struct token peek(const struct parser *parser)
{
	struct token token = { .kind = TOKEN_END, .word = parser->word, .column = parser->column };
	const char *text;

	if (!skip_spaces(parser, &token))
		return token;
	text = text_of(parser, &token);
	token.kind = TOKEN_WORD;
	token.len = strcspn(text, SPACES SIGNS);
	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++) {
		size_t len = strlen(joints[i].text);

		if (token.len && token.len != len) /* the word only begins like it */
			continue;
		if (strncasecmp(text, joints[i].text, len) != 0)
			continue;
		token.kind = joints[i].kind;
		token.op = joints[i].op;
		token.len = len;
		break;
	}
	return token;
}

static int take(struct parser *parser, const struct token *token)
{
	if (++parser->tokens > TOKENS_MAX)
		return fail_at(parser, token, "is one word too many for a filter");
	parser->last = *token;
	parser->word = token->word;
	parser->column = token->column + token->len;
	return 0;
}

/* A bare value ends at a space, at "&" or "|", or at a parenthesis that it has not opened. */
static size_t bare_length(const char *text)
{
	size_t len, open = 0;

	for (len = 0; text[len] && !strchr(SPACES "&|", text[len]); len++) {
		if (text[len] == ')' && !open--)
			break;
		if (text[len] == '(')
			open++;
	}
	return len;
}

/* Take the value of a term: ret_value is what it says, the token is where it stands. */
static int take_value(struct parser *parser, const struct keyword *keyword, struct token *value,
		      char **ret_value)
{
	struct token token = { .word = parser->word, .column = parser->column };
	const char *text = "", *end = NULL;
	size_t skip = 0;

	if (skip_spaces(parser, &token))
		text = text_of(parser, &token);
	token.kind = TOKEN_WORD;
	token.len = bare_length(text);
	if (*text == '\'' || *text == '"') {
		end = strchr(text + 1, *text);
		if (!end)
			return fail_at(parser, &token, "has a quote that is not closed");
		token.len = (size_t)(end - text) + 1;
		skip = 1;
	}
	if (!token.len)
		return fail(parser, token.word, token.column, "%s: %s is missing", keyword->name,
			    keyword->expected);
	*value = token;
	value->column += skip;
	value->len -= 2 * skip;
	*ret_value = strndup(text + skip, value->len);
	return *ret_value ? take(parser, &token) : -ENOMEM;
}

static struct filter_node *new_node(struct parser *parser, enum filter_node_kind kind)
{
	struct filter_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->made_next = parser->filter->made;
	parser->filter->made = node;
	return node;
}

static int read_value(struct parser *parser, const struct keyword *keyword,
		      struct filter_node *node)
{
	struct token value = { 0 };
	struct filter_span bad;
	char *text = NULL;
	char quoted[QUOTED_SIZE];
	int err = take_value(parser, keyword, &value, &text);

	if (!err) {
		bad = (struct filter_span){ 0, value.len };
		err = keyword->read(text, node, &bad);
		if (err == -EINVAL) {
			quote(text + bad.start, bad.len, quoted);
			fail(parser, value.word, value.column + bad.start, "%s: '%s' is not %s",
			     keyword->name, quoted, keyword->expected);
		}
	}
	free(text);
	return err;
}

static const struct keyword *find_keyword(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strlen(keywords[i].name) == len && !strncasecmp(keywords[i].name, text, len))
			return &keywords[i];
	}
	return NULL;
}

/* [OP], "=" if there is none. */
static int parse_op(struct parser *parser, const struct keyword *keyword, enum filter_op *ret_op)
{
	struct token token = peek(parser);
	char quoted[QUOTED_SIZE];

	if (token.kind != TOKEN_OP) {
		*ret_op = FILTER_EQ;
		return 0;
	}
	if (!keyword->ordered && token.op != FILTER_EQ && token.op != FILTER_NE) {
		quote(text_of(parser, &token), token.len, quoted);
		return fail(parser, token.word, token.column,
			    "%s: '%s' means nothing here, only = and != do", keyword->name, quoted);
	}
	*ret_op = token.op;
	return take(parser, &token);
}

static int parse_term(struct parser *parser, const struct token *token,
		      struct filter_node **ret_node)
{
	const struct keyword *keyword = find_keyword(text_of(parser, token), token->len);
	struct filter_node *node;
	int err;

	if (!keyword)
		return fail_at(parser, token, "is no filter word; known: " KNOWN_WORDS);
	node = new_node(parser, FILTER_TERM);
	if (!node)
		return -ENOMEM;
	node->field = keyword->field;
	node->negated = !strcmp(keyword->name, "exclude");
	err = take(parser, token);
	if (!err)
		err = parse_op(parser, keyword, &node->op);
	if (!err)
		err = read_value(parser, keyword, node);
	if (!err)
		*ret_node = node;
	return err;
}

static int parse_group(struct parser *parser, enum filter_node_kind kind,
		       struct filter_node **ret_node);

static int parse_parentheses(struct parser *parser, const struct token *open,
			     struct filter_node **ret_node)
{
	struct token close;
	int err;

	if (parser->depth >= DEPTH_MAX)
		return fail_at(parser, open, "is nested too deeply");
	err = take(parser, open);
	if (err)
		return err;
	parser->depth++;
	err = parse_group(parser, FILTER_OR, ret_node);
	parser->depth--;
	if (err)
		return err;
	close = peek(parser);
	if (close.kind != TOKEN_CLOSE)
		return fail_at(parser, open, "is not closed");
	return take(parser, &close);
}

static int fail_without_term(struct parser *parser, const struct token *token)
{
	if (token->kind == TOKEN_CLOSE && !parser->depth)
		return fail_at(parser, token, "has no '(' before it");
	if (token->kind == TOKEN_END)
		return fail_at(parser, &parser->last, "needs a term after it");
	return fail_at(parser, token, "needs a term before it");
}

/* { "not" } ( term | "(" expression ")" ) */
static int parse_factor(struct parser *parser, struct filter_node **ret_node)
{
	struct token token = peek(parser);
	bool negated = false;
	int err;

	while (token.kind == TOKEN_NOT) {
		err = take(parser, &token);
		if (err)
			return err;
		negated = !negated;
		token = peek(parser);
	}
	if (token.kind == TOKEN_OPEN)
		err = parse_parentheses(parser, &token, ret_node);
	else if (token.kind == TOKEN_WORD)
		err = parse_term(parser, &token, ret_node);
	else
		err = fail_without_term(parser, &token);
	if (!err && negated)
		(*ret_node)->negated = !(*ret_node)->negated;
	return err;
}

/* Does another member of the group follow? Takes the word between, which "and" may lack. */
static int take_joint(struct parser *parser, enum filter_node_kind kind)
{
	struct token token = peek(parser);
	int err;

	if (token.kind == (kind == FILTER_OR ? TOKEN_OR : TOKEN_AND)) {
		err = take(parser, &token);
		return err ? err : 1;
	}
	return kind == FILTER_AND && token.kind != TOKEN_END && token.kind != TOKEN_CLOSE &&
	       token.kind != TOKEN_OR;
}

static int parse_member(struct parser *parser, enum filter_node_kind kind,
			struct filter_node **ret_node)
{
	return kind == FILTER_OR ? parse_group(parser, FILTER_AND, ret_node)
				 : parse_factor(parser, ret_node);
}

/* Members joined by "or", each of which is members joined by "and". */
static int parse_group(struct parser *parser, enum filter_node_kind kind,
		       struct filter_node **ret_node)
{
	struct filter_node *group = NULL, *first, *last, *member;
	int err = parse_member(parser, kind, &first);

	if (err)
		return err;
	last = first;
	while ((err = take_joint(parser, kind)) > 0) {
		if (!group) {
			group = new_node(parser, kind);
			if (!group)
				return -ENOMEM;
			group->first = first;
		}
		err = parse_member(parser, kind, &member);
		if (err)
			return err;
		last->next = member;
		last = member;
	}
	if (!err)
		*ret_node = group ? group : first;
	return err;
}

static int parse(struct parser *parser)
{
	struct filter_node *root = NULL;
	struct token token = peek(parser);
	int err;

	if (token.kind == TOKEN_END)
		return 0;
	err = parse_group(parser, FILTER_OR, &root);
	if (err)
		return err;
	token = peek(parser);
	if (token.kind != TOKEN_END)
		return fail_without_term(parser, &token);
	parser->filter->root = root;
	return 0;
}

int filter_parse(int count, char *const words[], struct filter **ret_filter,
		 struct filter_error *ret_error)
{
	struct parser parser = {
		.count = count > 0 ? (size_t)count : 0,
		.words = words,
		.filter = calloc(1, sizeof(struct filter)),
		.error = ret_error,
	};
	int err = parser.filter ? parse(&parser) : -ENOMEM;

	if (err) {
		filter_free(parser.filter);
		return err;
	}
	*ret_filter = parser.filter;
	return 0;
}
