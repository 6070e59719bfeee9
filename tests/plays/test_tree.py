#!/usr/bin/python3
"""The comparison of what is expected with what came: it must be able to say no."""
import sys
import unittest

sys.dont_write_bytecode = True

import script
import tree
from stage import Names


def fits(expected, heard, variables=None):
    return tree.Matcher({} if variables is None else variables).stanza(tree.parse_pieces(expected)[0], tree.parse_pieces(heard)[0])


class Comparison(unittest.TestCase):
    def test_names_and_namespaces_count(self):
        self.assertTrue(fits('<a/>', '<a/>'))
        self.assertFalse(fits('<a/>', '<b/>'))
        self.assertFalse(fits('<a/>', "<a xmlns='urn:x'/>"))

    def test_attributes_are_all_or_told_to_be_more(self):
        self.assertFalse(fits("<iq type='get'/>", "<iq type='set'/>"))
        self.assertFalse(fits('<iq/>', "<iq type='set'/>"))
        self.assertFalse(fits("<iq type='set'/>", '<iq/>'))
        self.assertTrue(fits('<iq …/>', "<iq type='set'/>"))
        self.assertTrue(fits("<iq type='…'/>", "<iq type='set'/>"))
        self.assertTrue(fits('<iq/>', "<iq from='a' to='b' id='c' xml:lang='d'/>"))
        self.assertFalse(fits("<iq from='x'/>", "<iq from='a'/>"))
        self.assertFalse(fits("<iq from='∅'/>", "<iq from='a'/>"))
        self.assertTrue(fits("<iq from='∅'/>", '<iq/>'))

    def test_sasl_mechanisms_are_in_their_order(self):
        mechanisms = '<sasl:mechanisms>{}</sasl:mechanisms>'.format
        one, two = '<sasl:mechanism>A</sasl:mechanism>', '<sasl:mechanism>B</sasl:mechanism>'
        self.assertTrue(fits(mechanisms(one + two), mechanisms(one + two)))
        self.assertFalse(fits(mechanisms(one + two), mechanisms(two + one)))
        self.assertTrue(fits(mechanisms('…' + two), mechanisms(one + two)))
        self.assertFalse(fits(mechanisms(two), mechanisms(one + two)))
        self.assertFalse(fits(mechanisms('…' + one + two), mechanisms(two + one)))

    def test_children_are_all_in_any_order_or_told_to_be_more(self):
        self.assertTrue(fits('<m><a/><b/></m>', '<m><b/><a/></m>'))
        self.assertFalse(fits('<m><a/></m>', '<m><a/><a/></m>'))
        self.assertFalse(fits('<m><a/><a/></m>', '<m><a/></m>'))
        self.assertTrue(fits('<m>…<a/></m>', '<m><b/><a/></m>'))
        self.assertFalse(fits('<m>…<a/></m>', '<m><b/></m>'))
        self.assertFalse(fits('<m>…<without><b/></without></m>', '<m><b/></m>'))
        self.assertTrue(fits('<m>…<without><b/></without></m>', '<m><a/></m>'))

    def test_text_counts(self):
        self.assertFalse(fits('<m><b>x</b></m>', '<m><b>y</b></m>'))
        self.assertFalse(fits('<m><b/></m>', '<m><b>y</b></m>'))
        self.assertTrue(fits('<m><b>x…</b></m>', '<m><b>xyz</b></m>'))

    def test_values_are_remembered_and_demanded(self):
        known = {}
        self.assertTrue(fits("<q ver='{$v}'/>", "<q ver='7'/>", known))
        self.assertEqual(known, {'v': '7'})
        self.assertFalse(fits("<q ver='{$v}'/>", "<q ver='8'/>", known))
        self.assertTrue(fits("<q ver='≠{$v}'/>", "<q ver='8'/>", known))
        self.assertFalse(fits("<q ver='≠{$v}'/>", "<q ver='7'/>", known))

    def test_what_failed_to_fit_leaves_no_values(self):
        known = {}
        self.assertFalse(fits("<q a='{$v}' b='2'/>", "<q a='1' b='3'/>", known))
        self.assertEqual(known, {})


class Language(unittest.TestCase):
    def test_accounts_are_translated_both_ways(self):
        names = Names(7)
        names.add('romeo@example')
        self.assertEqual(names.out("to='Romeo@example/x' juliet@example myromeo@example"),
                         "to='Romeo-p7@example/x' juliet@example myromeo@example")
        self.assertEqual(names.plain('romeo-p7@example/x'), 'romeo@example/x')
        self.assertEqual(names.words('\0romeo\0secret'), '\0romeo-p7\0secret')

    def test_what_is_sent_is_expanded(self):
        self.assertEqual(script.expand('{$a}{repeat 3 <b>}{base64 \\0x}', {'a': '1'}, str), '1<b><b><b>AHg=')
        self.assertIn("to='nowhere'", script.header('nowhere'))


unittest.main()
