/** Who sells. */
import { coalesce, fn, from, has, recursive } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Customer, Employee, Invoice } from "../models.ts";
import { employee } from "../relations.ts";
import type { ReadQuestion } from "../question.ts";

export const STAFF: readonly ReadQuestion[] = [
  {
    name: "the tree of employees from the top",
    rows: 8,
    plain: sql`
      with recursive tree as (
        select employee_id, last_name, 0 as depth, array[last_name]::text[] as path
        from employee where reports_to is null
        union all
        select e.employee_id, e.last_name, tree.depth + 1, tree.path || e.last_name::text
        from employee e join tree on e.reports_to = tree.employee_id
      )
      select employee_id as "employeeId", last_name as "lastName", depth, path from tree order by path`,
    async ask(pool) {
      const { employeeId, lastName, reportsTo } = Employee;
      const tree = recursive(
        "tree",
        Employee.find().where(reportsTo.isNull()).select({
          employeeId,
          lastName,
          depth: sql<number>`0`,
          path: sql<readonly string[]>`array[${lastName}]::text[]`,
        }),
        (tree) =>
          Employee.find().join(tree, tree.employeeId.eq(reportsTo)).select({
            employeeId,
            lastName,
            depth: tree.depth.plus(1),
            path: sql<readonly string[]>`${tree.path} || ${lastName}::text`,
          }),
      );
      return await from(tree).orderBy(tree.path).all(pool);
    },
  },
  {
    name: "employees with their manager, and their manager's",
    rows: 8,
    plain: sql`
      select e.last_name as employee, m.last_name as manager, h.last_name as head
      from employee e
        left join employee m on m.employee_id = e.reports_to
        left join employee h on h.employee_id = m.reports_to
      order by e.employee_id`,
    async ask(pool) {
      const employees = await Employee.find()
        .with(employee.manager.with(employee.manager))
        .orderBy(Employee.employeeId)
        .all(pool);
      return employees.map(({ lastName, manager }) => ({
        employee: lastName,
        manager: manager?.lastName ?? null,
        head: manager?.manager?.lastName ?? null,
      }));
    },
  },
  {
    name: "the two best customers of each employee",
    rows: 6,
    plain: sql`
      select support, customer, spent from (
        select e.employee_id, e.last_name as support, c.last_name as customer, sum(i.total) as spent,
          row_number() over (partition by e.employee_id order by sum(i.total) desc, c.customer_id) as place
        from employee e
          join customer c on c.support_rep_id = e.employee_id
          join invoice i on i.customer_id = c.customer_id
        where c.deleted_at is null
        group by e.employee_id, c.customer_id
      ) best where place <= 2 order by employee_id, place`,
    async ask(pool) {
      const spent = fn.sum(Invoice.total);
      const best = Employee.find()
        .join(Customer, Customer.supportRepId.eq(Employee.employeeId))
        .join(Invoice, Invoice.customerId.eq(Customer.customerId))
        .groupBy(Employee.employeeId, Customer.customerId)
        .select({
          employeeId: Employee.employeeId,
          support: Employee.lastName,
          customer: Customer.lastName,
          spent,
          place: fn.rowNumber().over({
            partitionBy: [Employee.employeeId],
            orderBy: [spent.desc(), Customer.customerId],
          }),
        })
        .as("best");
      return await from(best)
        .where(best.place.lte(2))
        .select({ support: best.support, customer: best.customer, spent: best.spent })
        .orderBy(best.employeeId, best.place)
        .all(pool);
    },
  },
  {
    name: "what everybody below each employee sold",
    rows: 3,
    plain: sql`
      with recursive below as (
        select reports_to as manager_id, employee_id from employee where reports_to is not null
        union
        select b.manager_id, e.employee_id from below b join employee e on e.reports_to = b.employee_id
      )
      select m.last_name as manager, count(distinct b.employee_id) as staff, coalesce(sum(i.total), 0) as sold
      from below b
        join employee m on m.employee_id = b.manager_id
        left join customer c on c.support_rep_id = b.employee_id and c.deleted_at is null
        left join invoice i on i.customer_id = c.customer_id
      group by m.employee_id order by m.employee_id`,
    async ask(pool) {
      const below = recursive(
        "below",
        Employee.find().where(Employee.reportsTo.isNotNull())
          .select({ managerId: Employee.reportsTo, employeeId: Employee.employeeId }),
        (below) =>
          Employee.find().join(below, below.employeeId.eq(Employee.reportsTo))
            .select({ managerId: below.managerId, employeeId: Employee.employeeId }),
      );
      return await from(below)
        .join(Employee, Employee.employeeId.eq(below.managerId))
        .leftJoin(Customer, Customer.supportRepId.eq(below.employeeId))
        .leftJoin(Invoice, Invoice.customerId.eq(Customer.customerId))
        .groupBy(Employee.employeeId)
        .select({
          manager: Employee.lastName,
          staff: fn.countDistinct(below.employeeId),
          sold: coalesce(fn.sum(Invoice.total), "0"),
        })
        .orderBy(Employee.employeeId)
        .all(pool);
    },
  },
  {
    name: "who was hired before their manager, and by how long",
    rows: 2,
    plain: sql`
      select e.last_name as employee, m.last_name as manager, m.hire_date - e.hire_date as earlier
      from employee e join employee m on m.employee_id = e.reports_to
      where e.hire_date < m.hire_date order by e.employee_id`,
    async ask(pool) {
      const manager = Employee.as("manager");
      return await Employee.find()
        .join(manager, manager.employeeId.eq(Employee.reportsTo))
        .where(Employee.hireDate.lt(manager.hireDate))
        .select({
          employee: Employee.lastName,
          manager: manager.lastName,
          earlier: manager.hireDate.minus(Employee.hireDate),
        })
        .orderBy(Employee.employeeId)
        .all(pool);
    },
  },
  {
    name: "managers with those who report to them, and how many customers those have",
    rows: 7,
    plain: sql`
      select m.last_name as manager, e.last_name as employee,
        (select count(*) from customer c where c.support_rep_id = e.employee_id and c.deleted_at is null) as customers
      from employee m join employee e on e.reports_to = m.employee_id
      order by m.employee_id, e.employee_id`,
    async ask(pool) {
      const managers = await Employee.find()
        .where(has(employee.reports))
        .with(employee.reports.orderBy(Employee.employeeId).with(employee.customers.only("customerId")))
        .orderBy(Employee.employeeId)
        .all(pool);
      return managers.flatMap(({ lastName, reports }) =>
        reports.map((report) => ({
          manager: lastName,
          employee: report.lastName,
          customers: report.customers.length,
        }))
      );
    },
  },
  {
    name: "how old employees were when they were hired",
    rows: 8,
    plain: sql`
      select last_name as "lastName", birth_date::date as born, extract(year from age(hire_date, birth_date))::int as age
      from employee order by age desc, employee_id`,
    async ask(pool) {
      const age = fn.extract("year", fn.age(Employee.hireDate, Employee.birthDate));
      return await Employee.find()
        .select({ lastName: Employee.lastName, born: Employee.birthDate.cast("date"), age })
        .orderBy(age.desc(), Employee.employeeId)
        .all(pool);
    },
  },
];
