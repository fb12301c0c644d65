-- Holds the number for another subject.
select 1;
