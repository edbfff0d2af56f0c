"""What rolls out, where and when: the schedule of a study and the common shapes it takes."""
